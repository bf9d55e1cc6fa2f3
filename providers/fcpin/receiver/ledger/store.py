"""What a store of the ledger does: it keeps bytes by key, lists, the ids of events, and when each stack is due."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

Answer = TypeVar("Answer")


class View(Protocol):
    """Reads of a store."""

    def value(self, key: str) -> bytes | None: ...

    def entries(self, name: str, start: int = 0, stop: int | None = None) -> Sequence[bytes]:
        """Of the list *name*, newest first, from index *start* up to and without *stop*."""


class Transaction(View, Protocol):
    """Reads and writes of one atomic step. A read does not see the writes of its own transaction."""

    def set_value(self, key: str, value: bytes | None) -> None:
        """None removes it."""

    def append(self, name: str, entry: bytes, keep: int) -> None:
        """Add to the list *name*, whose newest *keep* entries are kept."""

    def remove(self, name: str, entry: bytes | None = None) -> None:
        """One entry of a list; the whole list for None."""

    def set_due(self, stack: str, due: datetime | None) -> None:
        """Add *stack* to the index of stacks, with the time at which a worker has to look at it."""

    def remember(self, event: str, now: datetime, keep: timedelta) -> bool:
        """False when *event* was remembered less than *keep* ago."""


class Store(Protocol):
    """Raises LedgerUnavailable from every method."""

    def read(self, work: Callable[[View], Answer]) -> Answer:
        """What *work* returns."""

    def transact(self, work: Callable[[Transaction], Answer]) -> Answer:
        """What *work* returns, once all its writes are stored. It may be called again when it collided."""

    def stacks(self) -> Mapping[str, datetime | None]:
        """The index of stacks, and when each is due."""

    def check_ready(self) -> None:
        """Raises LedgerUnavailable when a write would be lost."""

    def close(self) -> None: ...
