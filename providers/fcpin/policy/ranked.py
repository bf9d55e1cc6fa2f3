"""The tags that an order can compare, each with its key."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Generic, TypeVar

from fcpin.image import TagRecord
from fcpin.policy.candidate import Candidates, Key, Ledger

K = TypeVar("K", bound=Key)
K_co = TypeVar("K_co", bound=Key, covariant=True)


@dataclass(frozen=True, slots=True)
class Ranked(Generic[K_co]):
    """Columns of one length."""

    keys: Sequence[K_co]
    tags: Sequence[str]
    records: Sequence[TagRecord]

    def only(self, flags: Sequence[bool]) -> "Ranked[K_co]":
        """Those whose flag is true."""
        if all(flags):
            return self
        return Ranked(
            list(compress(self.keys, flags)), list(compress(self.tags, flags)), list(compress(self.records, flags))
        )


def rank_by(keys: Sequence[K | None], candidates: Candidates, lacking: str, rejected: Ledger) -> Ranked[K]:
    """Those of *candidates* that have a key; the others go to *rejected*, because of what they are *lacking*."""
    known = [key for key in keys if key is not None]
    if len(known) < len(keys):
        candidates = candidates.those([key is not None for key in keys], lacking, rejected)
    return Ranked(known, candidates.tags, candidates.records)
