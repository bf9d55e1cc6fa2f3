"""The seam of the orders: which of the candidates are relatives, and which relative is newest."""

from collections.abc import Collection, Sequence
from typing import Protocol

from fcpin.image import TagRecord
from fcpin.policy.candidate import Candidates, Key, Ledger, Reason
from fcpin.policy.fields import Fields
from fcpin.policy.ranked import Ranked


class Ranking(Protocol):
    """An order that knows what it compares by."""

    @property
    def by(self) -> str:
        """What newest is decided by, for the user: `push time`."""

    @property
    def descending(self) -> bool:
        """Whether the smallest key is the newest."""

    @property
    def lacks_push_times(self) -> bool:
        """Whether the candidates would be compared by push time, if they had any."""

    def rank(self, candidates: Candidates, rejected: Ledger) -> Ranked[Key]:
        """The relatives with what each is compared by; the others go to *rejected*.

        *candidates* are those that the ranking was made for.
        """

    def belongs(self, value: str) -> bool:
        """Whether a tag with this value is a relative at all. Asked about the current tag."""

    def place(self, value: str, record: TagRecord) -> Key | Reason:
        """Where the current tag stands among the keys, even if it no longer takes part."""

    def lacks_created(self, candidates: Candidates) -> Sequence[str]:
        """The relatives that only their build time can order, and that come without it."""


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
    def options(self) -> Collection[str]:
        """Every key the user may write under the order's name."""

    def read(self, fields: Fields) -> Order:
        """Read the user's words; problems are noted in *fields*, never raised."""
