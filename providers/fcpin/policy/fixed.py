"""What the orders share that compare every candidate by itself."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from fcpin.image import TagRecord
from fcpin.policy.candidate import Candidates, Key, Ledger, Reason
from fcpin.policy.fields import Fields
from fcpin.policy.ranked import Ranked, rank_by


class Fixed:
    """An order that is its own ranking. What it needs is `by`, `keys`, and `lacking` where there may be no key."""

    by: ClassVar[str]

    @property
    def warnings(self) -> Sequence[str]:
        return ()

    @property
    def descending(self) -> bool:
        return False

    @property
    def lacks_push_times(self) -> bool:
        return False

    @property
    def lacking(self) -> Reason:
        """Why a candidate without a key does not take part."""
        return Reason(f"cannot be compared by {self.by}")

    def keys(self, candidates: Candidates) -> Sequence[Key | None]:
        """For each candidate what it is compared by, or None."""
        raise NotImplementedError

    def ranking(self, candidates: Candidates, current: str | None) -> Self:  # noqa: ARG002 - the seam's
        return self

    def rank(self, candidates: Candidates, rejected: Ledger) -> Ranked[Key]:
        return rank_by(self.keys(candidates), candidates, self.lacking, rejected)

    def belongs(self, value: str) -> bool:
        return not isinstance(self.place(value, TagRecord(value)), Reason)

    def place(self, value: str, record: TagRecord) -> Key | Reason:
        (key,) = self.keys(Candidates((value,), (value,), (record,)))
        return self.lacking if key is None else key

    def lacks_created(self, candidates: Candidates) -> Sequence[str]:  # noqa: ARG002 - the seam's
        return ()


@dataclass(frozen=True)
class Directed(Fixed):
    """One that the user may turn round."""

    order: str = "asc"
    """`asc` or `desc`, Flux's words."""

    options: ClassVar[Collection[str]] = ("order",)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(fields.choice("order", ("asc", "desc")))

    @property
    def descending(self) -> bool:
        return self.order == "desc"
