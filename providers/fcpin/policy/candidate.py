"""Candidates: published tags, each next to the value that an order compares.

`filter_tags.extract` makes the two differ: `main-11` is published, `11` is compared, and it is always the published
one that is chosen.
"""

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import compress
from typing import Any, Final, NamedTuple, Protocol, Self, TypeAlias

from fcpin.image import TagRecord

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class Reason(str):
    """Why a tag does not take part. A type of its own, so that no answer is told from a reason by its text."""

    __slots__ = ()


Ledger: TypeAlias = MutableMapping[str, list[str]]
"""The tags that do not take part, by reason."""


class Key(Protocol):
    """What relatives are compared by: a time, a number, a version. The keys of one order compare with one another."""

    def __lt__(self, other: Any, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Candidates:
    """Columns of one length: of a listing of 100,000 tags an object for each would cost more than choosing."""

    tags: Sequence[str]
    values: Sequence[str]
    """What is compared for each; the very tags where nothing is extracted."""
    records: Sequence[TagRecord]

    @classmethod
    def of(cls, listing: Mapping[str, TagRecord]) -> Self:
        """Every tag of *listing*, compared by its name."""
        tags = list(listing)
        return cls(tags, tags, list(listing.values()))

    def only(self, flags: Sequence[object]) -> "Candidates":
        """Those whose flag is true."""
        if all(flags):
            return self
        tags = list(compress(self.tags, flags))
        values = tags if self.values is self.tags else list(compress(self.values, flags))
        return Candidates(tags, values, list(compress(self.records, flags)))

    def those(self, flags: Sequence[object], reason: str, rejected: Ledger) -> "Candidates":
        """The same, while the others go to *rejected*."""
        reject(rejected, reason, [tag for tag, flag in zip(self.tags, flags, strict=True) if not flag])
        return self.only(flags)

    def without(self, others: Collection[str]) -> "Candidates":
        """Those whose tag is not one of *others*."""
        return self.only([tag not in others for tag in self.tags]) if others else self


def reject(rejected: Ledger, reason: str, tags: Sequence[str]) -> None:
    """Note that *tags*, if there are any, do not take part."""
    if tags:
        rejected.setdefault(reason, []).extend(tags)


class Rejection(NamedTuple):
    """A tag that was not chosen, and why."""

    tag: str
    reason: str


def last_pushed(record: TagRecord) -> tuple[datetime, str]:
    """What decides between equals: the push time, then the name. Without a push time it counts as the earliest."""
    return (record.pushed or LONG_AGO, record.tag)
