"""The state of the stack while it changes: on disk before anyone relies on it.

An operation is on disk before its call is made, its result before the program or another step may build on it. One
thread writes for all that wait (group commit), so a thousand small steps are not a thousand writes.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from fcpin.engine.errors import EngineError, OutcomeUnknown, StateUnusable
from fcpin.engine.state import Checkpoint, Operation, ResourceState, verify


class SnapshotManager:
    """States recorded in this run, and those from before it that no step has replaced yet."""

    def __init__(self, before: Checkpoint, store: Callable[[Checkpoint], None] | None = None) -> None:
        """Without a *store* nothing is written: a preview."""
        self._before, self._store = before, store
        self.new: dict[str, ResourceState] = {}
        """States recorded in this run, by URN."""
        self.remaining = list(before.resources)
        """States from before the run that no step has replaced or removed; never changed in place."""
        self._operations: list[Operation] = []
        self._mutex, self._writing = threading.Lock(), threading.Lock()
        self._changes = self._written = 0

    def old(self, urn: str) -> ResourceState | None:
        """The state of *urn* from before the run, unless it was dealt with or only waits for its deletion."""
        return next((state for state in self.remaining if state.urn == urn and not state.delete), None)

    def record(
        self, new: ResourceState | None, old: ResourceState | None = None, becomes: ResourceState | None = None
    ) -> None:
        """*new* is the state of its URN, *old* becomes *becomes* or is gone, and what was pending for them is over.

        All that is in one write, the next.
        """
        over = {state.urn for state in (new, old) if state}
        with self._mutex:
            if new:
                self.new[new.urn] = new
            self._operations = [operation for operation in self._operations if operation.state.urn not in over]
            kept = [becomes if state is old else state for state in self.remaining]
            self.remaining = [state for state in kept if state]

    def settle(self) -> None:
        """Let what remains refer to nothing that is gone."""
        urns = {state.urn for state in self.remaining}
        self.remaining = [state.needing_only(urns) for state in self.remaining]
        self.commit()

    @contextlib.contextmanager
    def operation(self, operation: Operation) -> Iterator[None]:
        """Around a call and the recording of its result: on disk as pending before it, and all that after it.

        One that failed is over. One of unknown outcome stays pending: the call may have taken effect.
        """
        with self._mutex:
            self._operations.append(operation)
        self.commit()
        try:
            yield
        except EngineError as error:
            if not isinstance(error, OutcomeUnknown):
                with self._mutex:
                    self._operations.remove(operation)
            raise
        self.commit()

    def commit(self) -> None:
        """Return when everything noted so far is on disk. Raises StateUnusable."""
        with self._mutex:
            self._changes += 1
            mine = self._changes
        with self._writing:
            if self._store and self._written < mine:
                with self._mutex:
                    changes, operations = self._changes, list(self._operations)
                    states = [*self.new.values(), *self.remaining]
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
            raise StateUnusable(f"the new state is inconsistent and was not written: {problem}; please report this")
    return states
