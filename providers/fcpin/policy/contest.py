"""The candidates of a listing and how they compare, while a tag is deployed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from fcpin.image import TagRecord
from fcpin.policy.accelerated import original
from fcpin.policy.candidate import Candidates, Key, Ledger, Reason
from fcpin.policy.filters import Filters
from fcpin.policy.order import Order, Ranking
from fcpin.policy.ranked import Ranked


@dataclass(frozen=True, slots=True)
class Contest:
    """What the filters left, and the order's way to compare it."""

    candidates: Candidates
    ranking: Ranking
    runs: str | None
    """The deployed tag; of a conversion the original."""
    value: str | None
    """What is compared for it; None if the filters leave it out."""

    @classmethod
    def of(
        cls,
        order: Order,
        filters: Filters,
        listing: Mapping[str, TagRecord],
        current: str | None,
        rejected: Ledger,
    ) -> Self:
        """What the filters leave out goes to *rejected*. Raises InvalidPolicy as the order does."""
        runs = None if current is None else original(current)
        value = None if runs is None else filters.value(runs)
        value = None if isinstance(value, Reason) else value
        candidates = filters.apply(Candidates.of(listing), rejected)
        return cls(candidates, order.ranking(candidates, value), runs, value)

    def rank(self, rejected: Ledger) -> Ranked[Key]:
        """The relatives; the others go to *rejected*."""
        return self.ranking.rank(self.candidates, rejected)

    def lacks_created(self) -> Sequence[str]:
        """The relatives that only their build time can order, and that come without it."""
        return self.ranking.lacks_created(self.candidates)
