"""The state of the stack while it changes: on disk before anyone relies on it.

An operation is on disk before its call is made, its result before the program or another step may build on it. One
thread writes for all that wait (group commit), so a thousand small steps are not a thousand writes.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from engine.checkpoint import Checkpoint
from engine.errors import OutcomeUnknown
from engine.integrity import ordered, renamed, without_dangling
from engine.state import Operation, ResourceState

Store = Callable[[Checkpoint], None]


class Ledger:
    """States made in this run, followed by those from before it that have not been dealt with."""

    def __init__(self, before: Checkpoint, store: Store | None = None) -> None:
        """Without a *store* nothing is written: a preview."""
        self._before = before
        self._store = store
        self._old = dict.fromkeys(before.resources)
        self._old_by_urn = {state.urn: state for state in before.resources if not state.delete}
        self._new: dict[str, ResourceState] = {}
        self._names: dict[str, str] = {}
        self._operations: dict[Operation, None] = {}
        self._mutex = threading.Lock()
        self._writing = threading.Lock()
        self._changes = 0
        self._written = 0

    def old(self, urn: str) -> ResourceState | None:
        """The state of *urn* from before the run, unless it was dealt with or only waits for its deletion."""
        with self._mutex:
            return self._old_by_urn.get(urn)

    def new(self, urn: str) -> ResourceState | None:
        """The state that this run gave *urn*."""
        with self._mutex:
            return self._new.get(urn)

    def registered(self) -> list[ResourceState]:
        """States made in this run, in order."""
        with self._mutex:
            return list(self._new.values())

    def remaining(self) -> list[ResourceState]:
        """States from before the run that have not been dealt with, in order."""
        with self._mutex:
            return list(self._old)

    def put(
        self,
        state: ResourceState,
        replaces: ResourceState | None = None,
        *,
        discards: ResourceState | None = None,
        ends: Operation | None = None,
        durable: bool = True,
    ) -> None:
        """*state* is the new state of its URN: on disk when this returns, unless it need not be *durable*.

        In the same write *replaces* is dealt with, *discards* is kept only to be deleted, and *ends* is over.
        """
        with self._mutex:
            if replaces is not None:
                self._forget(replaces)
                if replaces.urn != state.urn:
                    self._names[replaces.urn] = state.urn
            if discards is not None:
                self._amend(discards, replace(discards, delete=True))
            if ends is not None:
                self._operations.pop(ends, None)
            self._new[state.urn] = renamed(state, self._names)
        if durable:
            self.commit()

    def amend(self, old: ResourceState, by: ResourceState, *, ends: Operation | None = None) -> None:
        """A state from before the run becomes another one in its place. Not on disk before the next commit."""
        with self._mutex:
            self._amend(old, by)
            if ends is not None:
                self._operations.pop(ends, None)

    def _amend(self, old: ResourceState, by: ResourceState) -> None:
        self._old = {by if state is old else state: None for state in self._old}
        if self._old_by_urn.get(old.urn) is old:
            del self._old_by_urn[old.urn]
        if not by.delete:
            self._old_by_urn[by.urn] = by

    def drop(self, old: ResourceState, *, ends: Operation | None = None) -> None:
        """A state from before the run is gone. Not on disk before the next commit."""
        with self._mutex:
            self._forget(old)
            if ends is not None:
                self._operations.pop(ends, None)

    def _forget(self, old: ResourceState) -> None:
        self._old.pop(old, None)
        if self._old_by_urn.get(old.urn) is old:
            del self._old_by_urn[old.urn]

    def settle(self) -> None:
        """Let what remains refer to resources by their new names, and to nothing that is gone."""
        with self._mutex:
            settled = without_dangling([*self._new.values(), *(renamed(state, self._names) for state in self._old)])
            self._old = dict.fromkeys(settled[len(self._new) :])
            self._old_by_urn = {state.urn: state for state in self._old if not state.delete}

    @contextlib.contextmanager
    def operation(self, state: ResourceState, kind: str) -> Iterator[Operation]:
        """Around a call: on disk as pending before it is made, until `put` or `drop` ends it, or it failed."""
        operation = Operation(state, kind)
        with self._mutex:
            self._operations[operation] = None
        self.commit()
        try:
            yield operation
        except OutcomeUnknown:
            raise  # it stays pending: nobody knows how far the call came
        except BaseException:
            with self._mutex:
                self._operations.pop(operation, None)
            raise

    def commit(self) -> None:
        """Return when everything noted so far is on disk. Raises StateUnusable."""
        with self._mutex:
            self._changes += 1
            mine = self._changes
        if self._store is None:
            return
        with self._writing:
            if self._written >= mine:
                return
            with self._mutex:
                changes, checkpoint = self._changes, self._checkpoint()
            self._store(checkpoint)
            self._written = changes

    def _checkpoint(self) -> Checkpoint:
        old = [renamed(state, self._names) for state in self._old] if self._names else self._old
        return Checkpoint(ordered([*self._new.values(), *old]), list(self._operations), self._before.other)
