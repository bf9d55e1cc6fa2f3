"""A candidate: a published tag next to the value that an order compares.

`filter_tags.extract` makes the two differ: `main-11` is published, `11` is compared, and it is always the published
one that is chosen.
"""

from typing import NamedTuple, TypeAlias

from fcpin.image import TagRecord


class Reason(str):
    """Why a tag does not take part. A type of its own, so that no answer is told from a reason by its text."""

    __slots__ = ()


Candidate: TypeAlias = tuple[str, TagRecord]
"""Compared value and published tag. A plain tuple: there may be 100,000 of them."""

Key: TypeAlias = tuple[object, ...]
"""What the relatives are compared by. The keys of one order are comparable with one another."""


class Rejection(NamedTuple):
    """A tag that was not chosen, and why."""

    tag: str
    reason: str
