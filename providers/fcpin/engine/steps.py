"""Carry out steps: provider calls and their records in the state; refresh, and deletion of what the program dropped.

A resource is deleted after everything that needs it. One that stays (protected, not a target, or its deletion failed)
keeps what it needs: its parents, its dependencies, its provider.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from threading import Event

from fcpin.engine.display import Display, Op, Step
from fcpin.engine.errors import EngineError
from fcpin.engine.plugin import Provider
from fcpin.engine.snapshot import SnapshotManager
from fcpin.engine.stack import Stack
from fcpin.engine.state import ResourceState
from fcpin.engine.values import compare, has_unknown

UNPROTECT = "remove the `protect` option from it in your program and run `up` first"
_NEEDED = "cannot be deleted because resources that are not a --target depend on it; target them too"


@dataclass
class StepExecutor:
    """One phase of an update, a refresh or a destroy; a *preview* calls no method that changes something."""

    stack: Stack
    snapshots: SnapshotManager
    provider: Provider
    display: Display
    preview: bool = False
    parallel: int = 16
    targets: Collection[str] = ()
    interrupted: Event = field(default_factory=Event)
    """Set by a signal at any moment; from then on nothing new is started."""

    @property
    def is_over(self) -> bool:
        return bool(self.display.errors) or self.interrupted.is_set()

    def spares(self, urn: str) -> bool:
        """Whether there are targets, and *urn* is none of them."""
        return bool(self.targets) and urn not in self.targets

    def attempt(self, step: Step, action: Callable[[], ResourceState | None]) -> ResourceState | None:
        """What *action* gives, or None if it failed, which is shown, or was not begun."""
        if self.interrupted.is_set():
            return None
        try:
            return action()
        except EngineError as error:
            self.display.failed(step, error)
            return None

    def carry_out(self, step: Step, becomes: ResourceState | None = None) -> ResourceState | None:
        """Make the step's call and note what it gives. The step's old state then *becomes* another one, or is gone.

        A preview makes no call and shows what it would do: the outputs that the provider will give are not known yet.
        """
        if self.preview or not step.state.is_managed:
            new = step.new and replace(step.new, outputs=step.new.inputs)
            self.snapshots.record(new, step.old, becomes)
        else:
            if has_unknown(step.state.inputs):
                raise EngineError("an input is not known although everything it depends on has been deployed")
            self.display.begun(step)
            with self.snapshots.operation(step.operation):
                new = self._call(step)
                self.snapshots.record(new, step.old, becomes)
        self.display.done(step)
        return new

    def _call(self, step: Step) -> ResourceState | None:
        if step.op is Op.UPDATE and step.old:
            return self.provider.update(step.old, step.state)
        if step.new:
            return self.provider.create(step.new)
        if not step.state.retain_on_delete:
            self.provider.delete(step.state)
        return None

    def refresh(self) -> None:
        """Read in parallel. Nothing in the cloud is changed, so the state is written once, at the end.

        A resource that cannot be read is shown as failed and keeps its state.
        """

        def read(state: ResourceState) -> None:
            if state.is_managed and not self.spares(state.urn):
                self.attempt(Step(Op.REFRESH, state, state), lambda: self._read(state))
            else:
                self.display.done(Step(Op.SAME, state, state))

        with ThreadPoolExecutor(self.parallel) as pool:
            list(pool.map(read, self.snapshots.remaining))
        self.snapshots.settle()

    def _read(self, old: ResourceState) -> ResourceState | None:
        new = self.provider.read(old)
        changes = compare(old.inputs, new.inputs) or compare(old.outputs, new.outputs) if new else []
        step = Step(Op.SAME, new, old) if new else Step(Op.DELETE, old, old)
        if changes or new is None:
            self.snapshots.record(None, old, becomes=new)
        if new and changes and self._would_update(old, new):
            step = Step(Op.UPDATE, new, old, changes)
        self.display.done(step)
        return new

    def _would_update(self, state: ResourceState, read: ResourceState) -> bool:
        """Whether an update by an unchanged program would bring *state* back: else it is no drift, as with the CLI."""
        changes = self.provider.diff(read, replace(read, inputs=state.inputs)).changes
        return bool(compare(read.inputs, state.inputs)) if changes is None else changes

    def delete_remaining(self) -> None:
        """Delete what the program no longer registers; in parallel where nothing left needs it.

        A failure is shown, and what the resource needs is left in place.
        """
        states = list(self.snapshots.remaining)
        needing = defaultdict(list)
        for state in states:
            for urn in state.needs:
                needing[urn].append(state)
        # what was replaced is needed by nothing but what was replaced with it
        needed_by = {state: [one for one in needing[state.urn] if one.delete or not state.delete] for state in states}
        sorter = TopologicalSorter(needed_by)
        sorter.prepare()

        def delete(state: ResourceState) -> bool:
            step = _deletion(state)
            return not self.spares(state.urn) and bool(self.attempt(step, lambda: self._delete(step)))

        with ThreadPoolExecutor(self.parallel) as pool:
            while ready := sorter.get_ready():
                sorter.done(*itertools.compress(ready, pool.map(delete, ready)))
        for state in self.snapshots.remaining:
            if state.urn in self.targets and not self.is_over:
                self.display.failed(_deletion(state), EngineError(_NEEDED))

    def _delete(self, step: Step) -> ResourceState:
        if step.state.protect and not step.state.delete:
            raise EngineError(f"cannot be deleted because it is protected; {UNPROTECT}")
        self.carry_out(step)
        return step.state


def _deletion(state: ResourceState) -> Step:
    return Step(Op.DELETE_REPLACED if state.delete else Op.DELETE, state, state)
