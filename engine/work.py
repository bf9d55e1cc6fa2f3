"""A phase's work on what the state has already: read it all anew, and delete what the program no longer has.

Nothing is deleted before everything that needs it. What stays (protected, no target, or its deletion failed) keeps all
that it needs: its parents, its dependencies, its provider.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from threading import Event

from engine.changes import compare
from engine.display import Display, Op, Step
from engine.errors import EngineError
from engine.ledger import Ledger
from engine.plugin import Provider
from engine.state import ResourceState

UNPROTECT = "remove the `protect` option from it in your program and run `up` first"
_NEEDED = "cannot be deleted because resources that are no --target depend on it; target them too"


@dataclass(frozen=True)
class Work:
    """What all parts of one phase share: of an update, a refresh or a destroy, its preview or the thing itself."""

    ledger: Ledger
    provider: Provider
    display: Display
    preview: bool = False
    parallel: int = 16
    targets: Collection[str] = ()
    stopping: Event = field(default_factory=Event)
    """Once set nothing new is started: by a signal at any moment, by a failure, but not in a preview."""

    @property
    def is_over(self) -> bool:
        return bool(self.display.errors) or self.stopping.is_set()

    def spares(self, urn: str) -> bool:
        """Whether there are targets, and *urn* is none of them."""
        return bool(self.targets) and urn not in self.targets

    def attempt(self, step: Step, action: Callable[[], None]) -> bool:
        """Whether it was done. A failure is shown."""
        if self.stopping.is_set():
            return False
        try:
            action()
        except EngineError as error:
            self.display.failed(step, error)
            return False
        return True


def refresh(work: Work) -> None:
    """Read in parallel. Nothing in the cloud is changed, so the state is written once, at the end.

    A resource that cannot be read is shown as failed and keeps its state.
    """

    def read(state: ResourceState) -> None:
        if state.is_managed and not work.spares(state.urn):
            work.attempt(Step(Op.REFRESH, state, state), lambda: _read(work, state))
        elif not state.is_internal:
            work.display.same(state)

    with ThreadPoolExecutor(work.parallel) as pool:
        list(pool.map(read, work.ledger.remaining))
    work.ledger.settle()


def _read(work: Work, state: ResourceState) -> None:
    new = work.provider.read(state)
    if new is None:
        work.ledger.record(old=state, durable=False)
        work.display.done(Step(Op.DELETE, state, state))
        return
    changes = compare(state.inputs, new.inputs) or compare(state.outputs, new.outputs)
    if changes:
        work.ledger.record(old=state, becomes=new, durable=False)
    if changes and _would_update(work, state, new):
        work.display.done(Step(Op.UPDATE, new, state, changes))
    else:
        work.display.same(new)


def _would_update(work: Work, state: ResourceState, read: ResourceState) -> bool:
    """Whether an update by an unchanged program would bring *state* back: else it is no drift, as with the CLI."""
    changes = work.provider.diff(read, replace(read, inputs=state.inputs)).changes
    return bool(compare(read.inputs, state.inputs)) if changes is None else changes


def delete_remaining(work: Work) -> None:
    """Delete what the ledger still has from before the run; at once whatever nothing left needs.

    A failure is shown, and what the resource needs is left in place.
    """
    steps: dict[ResourceState, Step] = {}
    needing = defaultdict(list)
    for state in work.ledger.remaining:
        steps[state] = Step(Op.DELETE_REPLACED if state.delete else Op.DELETE, state, state)
        for urn in state.needs:
            needing[urn].append(state)
    # what was replaced is needed by nothing but what was replaced with it
    needed_by = {state: [one for one in needing[state.urn] if one.delete or not state.delete] for state in steps}
    sorter = TopologicalSorter(needed_by)
    sorter.prepare()
    met: set[ResourceState] = set()

    def delete(state: ResourceState) -> bool:
        return not work.spares(state.urn) and work.attempt(steps[state], lambda: _delete(work, steps[state]))

    with ThreadPoolExecutor(work.parallel) as pool:
        while ready := sorter.get_ready():
            met.update(ready)
            sorter.done(*itertools.compress(ready, pool.map(delete, ready)))
    for state, step in steps.items():
        if state.urn in work.targets and state not in met and not work.is_over:
            work.display.failed(step, EngineError(_NEEDED))


def _delete(work: Work, step: Step) -> None:
    state = step.state
    if state.protect and not state.delete:
        raise EngineError(f"cannot be deleted because it is protected; {UNPROTECT}")
    if work.preview or not state.is_managed:
        work.ledger.record(old=state)
    else:
        work.display.begun(step)
        with work.ledger.operation(step.operation) as operation:
            if not state.retain_on_delete:
                work.provider.delete(state)
            work.ledger.record(old=state, ends=operation)
    if not state.is_internal:
        work.display.done(step)
