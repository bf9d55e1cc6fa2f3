"""Candidates: published tags, each next to the value that an order compares.

`filter_tags.extract` makes the two differ: `main-11` is published, `11` is compared, and it is always the published
one that is chosen.
"""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

from fcpin.image import TagRecord


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
    """Two sequences of one length: of a listing of 100,000 tags an object for each would cost more than choosing."""

    values: Sequence[str]
    records: Sequence[TagRecord]


class Rejection(NamedTuple):
    """A tag that was not chosen, and why."""

    tag: str
    reason: str
