"""The seam of the orders: which of the candidates are relatives, and which relative is newest."""

from collections.abc import Sequence
from typing import Protocol, Self

from fcpin.image import TagRecord
from fcpin.policy.candidate import Candidates, Key, Reason
from fcpin.policy.fields import Fields


class Ranking(Protocol):
    """An order that knows what it compares by."""

    @property
    def by(self) -> str:
        """What newest is decided by, for the user: `push time`."""

    @property
    def descending(self) -> bool:
        """Whether the smallest key is the newest."""

    @property
    def reads_created(self) -> bool:
        """Whether candidates without `created` cannot be ordered."""

    def keys(self, candidates: Candidates) -> Sequence[Key | Reason]:
        """For each candidate what it is compared by, or why it does not take part."""

    def belongs(self, value: str) -> bool:
        """Whether a tag with this value is a relative at all. Asked about the current tag."""

    def place(self, value: str, record: TagRecord) -> Key | Reason:
        """Where the current tag stands among the keys, even if it no longer takes part."""


class Order(Protocol):
    """One way to say which tag is newest, as the user configured it. One that exists is valid."""

    @property
    def warnings(self) -> Sequence[str]:
        """What the user should know before relying on this order."""

    def ranking(self, candidates: Candidates, current: str | None) -> Ranking:
        """How to compare *candidates*; *current* is the compared value of the current tag.

        Raises InvalidPolicy when the order needs a current tag and there is none.
        """


class OrderReader(Protocol):
    """What is registered under an order's name: its class."""

    @property
    def options(self) -> Sequence[str]:
        """Every key the user may write under the order's name."""

    def read(self, fields: Fields) -> Order:
        """Read the user's words; problems are noted in *fields*, never raised."""


class Fixed:
    """What the orders share that compare every candidate by itself."""

    @property
    def descending(self) -> bool:
        return False

    @property
    def reads_created(self) -> bool:
        return False

    @property
    def warnings(self) -> Sequence[str]:
        return ()

    def ranking(self, candidates: Candidates, current: str | None) -> Self:  # noqa: ARG002 - the seam's
        return self

    def keys(self, candidates: Candidates) -> Sequence[Key | Reason]:
        raise NotImplementedError

    def belongs(self, value: str) -> bool:
        return not isinstance(self.place(value, TagRecord(value)), Reason)

    def place(self, value: str, record: TagRecord) -> Key | Reason:
        return self.keys(Candidates((value,), (record,)))[0]
