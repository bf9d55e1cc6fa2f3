"""Relatives that are not to be deployed yet: which ones, why, and from when on they may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, Self

from fcpin.image import TagRecord
from fcpin.policy.candidate import Key, Ledger, reject
from fcpin.policy.ranked import Ranked
from fcpin.policy.selection import Change

_MOST_NAMED = 3


class Wait(NamedTuple):
    """Why a tag waits: `matures at 2026-11-22T14:00:00Z (min_age 2h)`."""

    reason: str
    until: datetime | None = None
    """When it ends by itself, if it does."""
    over: str = ""
    """What is so then: `min_age 2h has passed`."""


class Gate(Protocol):
    """A condition beyond the order: age, a conversion."""

    def waits(self, records: Sequence[TagRecord], now: datetime) -> Mapping[int, Wait]:
        """Those of *records* that are not to be deployed at *now*, by their position.

        Raises InvalidPolicy when the registry does not tell what the condition goes by.
        """


class Waiting(NamedTuple):
    """A tag that waits, and what it is compared by."""

    key: Key
    tag: str
    wait: Wait


@dataclass(frozen=True, slots=True)
class Admission:
    """The relatives, divided."""

    ready: Ranked[Key]
    waiting: Sequence[Waiting] = ()
    """In alphabetical order of their tags."""

    @classmethod
    def of(cls, ranked: Ranked[Key], gates: Sequence[Gate], now: datetime) -> Self:
        """Only what passes every gate is ready; of several reasons to wait the first gate's is told."""
        waits: dict[int, Wait] = {}
        for gate in reversed(gates):
            waits.update(gate.waits(ranked.records, now))
        if not waits:
            return cls(ranked)
        waiting = [Waiting(ranked.keys[index], ranked.tags[index], wait) for index, wait in waits.items()]
        waiting.sort(key=lambda one: one.tag)
        return cls(ranked.only([index not in waits for index in range(len(ranked.tags))]), waiting)

    def key_of(self, tag: str | None) -> Key | None:
        """What *tag* is compared by, if it waits."""
        return next((one.key for one in self.waiting if one.tag == tag), None)

    def coming(self, current: str | None) -> Sequence[Waiting]:
        """Those that time alone will let in, without the deployed one."""
        return [one for one in self.waiting if one.wait.until is not None and one.tag != current]

    def ends(self) -> bool:
        """Whether some wait ends by itself."""
        return any(one.wait.until is not None for one in self.waiting)

    def reject_waiting(self, rejected: Ledger) -> None:
        """Note why they wait."""
        for one in self.waiting:
            reject(rejected, one.wait.reason, [one.tag])


def newer(waiting: Sequence[Waiting], chosen: Key, *, descending: bool) -> Sequence[Waiting]:
    """Those that will be chosen instead of *chosen* if nothing else comes."""
    return [one for one in waiting if (one.key < chosen if descending else chosen < one.key)]


def next_change(waiting: Sequence[Waiting]) -> Change | None:
    """When the first of *waiting* has waited long enough."""
    changes = [Change(one.wait.until, one.wait.over) for one in waiting if one.wait.until is not None]
    return min(changes, default=None)


def named(waiting: Sequence[Waiting], *, descending: bool) -> str:
    """The newest of those that wait, each with its reason: `main-13 matures at …, main-12 … and 4 more`."""
    ordered = sorted(waiting, key=lambda one: one.key, reverse=not descending)
    text = ", ".join(f"{one.tag} {one.wait.reason}" for one in ordered[:_MOST_NAMED])
    more = len(ordered) - _MOST_NAMED
    return f"{text} and {more} more" if more > 0 else text
