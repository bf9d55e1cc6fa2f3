"""The state of the stack while it changes: on disk before anyone relies on it.

An operation is on disk before its call is made, its result before the program or another step may build on it. One
thread writes for all that wait (group commit), so a thousand small steps are not a thousand writes.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from engine.checkpoint import Checkpoint
from engine.errors import OutcomeUnknown, StateUnusable
from engine.state import Operation, ResourceState, verify

Store = Callable[[Checkpoint], None]


class Ledger:
    """States made in this run, followed by those from before it that have not been dealt with."""

    def __init__(self, before: Checkpoint, store: Store | None = None) -> None:
        """Without a *store* nothing is written: a preview."""
        self._before, self._store = before, store
        self._new: dict[str, ResourceState] = {}
        self._old = {state.urn: state for state in before.resources if not state.delete}
        self._doomed = dict.fromkeys(state for state in before.resources if state.delete)
        self._operations: dict[Operation, None] = {}
        self._mutex, self._writing = threading.Lock(), threading.Lock()
        self._changes = self._written = 0

    def old(self, urn: str) -> ResourceState | None:
        """The state of *urn* from before the run, unless it was dealt with or only waits for its deletion."""
        return self._old.get(urn)

    def new(self, urn: str) -> ResourceState | None:
        """The state that this run gave *urn*."""
        return self._new.get(urn)

    def remaining(self) -> list[ResourceState]:
        """States from before the run that have not been dealt with."""
        with self._mutex:
            return [*self._old.values(), *self._doomed]

    def record(
        self,
        new: ResourceState | None = None,
        *,
        old: ResourceState | None = None,
        becomes: ResourceState | None = None,
        ends: Operation | None = None,
        durable: bool = True,
    ) -> None:
        """In one write: *new* is the state of its URN, *old* becomes *becomes* or is gone, *ends* is over.

        On disk when this returns, unless it need not be *durable*.
        """
        with self._mutex:
            if new:
                self._new[new.urn] = new
            if old and self._old.get(old.urn) is old and (becomes is None or becomes.delete):
                del self._old[old.urn]
            self._doomed = {state: None for state in self._doomed if state is not old}
            if becomes and becomes.delete:
                self._doomed[becomes] = None
            elif becomes:
                self._old[becomes.urn] = becomes
            self._operations = {operation: None for operation in self._operations if operation is not ends}
        if durable:
            self.commit()

    def settle(self) -> None:
        """Let what remains refer to nothing that is gone."""
        with self._mutex:
            urns = {*self._new, *self._old, *(state.urn for state in self._doomed)}
            self._old = {urn: state.needing_only(urns) for urn, state in self._old.items()}
            self._doomed = {state.needing_only(urns): None for state in self._doomed}

    @contextlib.contextmanager
    def operation(self, state: ResourceState, kind: str) -> Iterator[Operation]:
        """Around a call: on disk as pending before it is made, until `record` ends it, or it failed."""
        operation = Operation(state, kind)
        with self._mutex:
            self._operations[operation] = None
        self.commit()
        try:
            yield operation
        except OutcomeUnknown:
            raise  # it stays pending: nobody knows how far the call came
        except BaseException:
            self.record(ends=operation, durable=False)
            raise

    def commit(self) -> None:
        """Return when everything noted so far is on disk. Raises StateUnusable."""
        with self._mutex:
            self._changes += 1
            mine = self._changes
        with self._writing:
            if self._store and self._written < mine:
                with self._mutex:
                    changes, operations = self._changes, list(self._operations)
                    states = [*self._new.values(), *self._old.values(), *self._doomed]
                self._store(Checkpoint(_ordered(states), operations, self._before.other))
                self._written = changes


def _ordered(states: Sequence[ResourceState]) -> Sequence[ResourceState]:
    """*states* as they may be written. Raises StateUnusable rather than let a state be written that is none."""
    if verify(states):
        by_urn = {state.urn: state for state in sorted(states, key=lambda state: not state.delete)}
        needed = {state: [by_urn[urn] for urn in state.needs if urn in by_urn] for state in states}
        with contextlib.suppress(CycleError):
            states = list(TopologicalSorter(needed).static_order())
        if problem := verify(states):
            raise StateUnusable(f"refusing to write a state that contradicts itself: {problem}; please report this")
    return states
