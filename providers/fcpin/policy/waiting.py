"""Relatives that are not to be deployed yet: which ones, why, and from when on they may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import NamedTuple, Protocol, Self

from fcpin.image import TagRecord
from fcpin.policy.candidate import Key
from fcpin.policy.outcome import Ranked

_MOST_NAMED = 3


class Wait(NamedTuple):
    """Why a tag waits: `matures at 2026-11-22T14:00:00Z (min_age 2h)`."""

    reason: str
    ends: bool
    """Whether it ends by itself."""


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

    ready: Ranked
    waiting: Sequence[Waiting] = ()
    """In alphabetical order of their tags."""

    @classmethod
    def of(cls, ranked: Ranked, gates: Sequence[Gate], now: datetime) -> Self:
        """Only what passes every gate is ready; of several reasons to wait the first gate's is told."""
        waits: dict[int, Wait] = {}
        for gate in reversed(gates):
            waits.update(gate.waits(ranked.records, now))
        if not waits:
            return cls(ranked)
        keys, records = ranked.keys, ranked.records
        ready = [index not in waits for index in range(len(keys))]
        waiting = [Waiting(keys[index], records[index].tag, wait) for index, wait in waits.items()]
        waiting.sort(key=lambda one: one.tag)
        return cls(Ranked(list(compress(keys, ready)), list(compress(records, ready))), waiting)

    def key_of(self, tag: str | None) -> Key | None:
        """What *tag* is compared by, if it waits."""
        return next((one.key for one in self.waiting if one.tag == tag), None)

    def not_yet(self, current: str | None, *, descending: bool) -> str:
        """Why nothing is ready although something will be; empty if nothing will."""
        if not any(one.wait.ends for one in self.waiting):
            return ""
        others = [one for one in self.waiting if one.tag != current]
        if not others:
            return f"{current} is deployed already, and there is no other"
        return f"none may be deployed yet: {named(others, descending=descending)}"

    def news(self, chosen: Key, current: str | None, *, descending: bool) -> Sequence[str]:
        """One line about the tags that will be chosen instead of *chosen* if nothing else comes, or none."""
        newer = [
            one
            for one in self.waiting
            if one.wait.ends and one.tag != current and (one.key < chosen if descending else chosen < one.key)
        ]
        return (f"not deployed yet: {named(newer, descending=descending)}",) if newer else ()

    def rejections(self) -> dict[str, list[str]]:
        """Those that wait, by reason."""
        found: dict[str, list[str]] = {}
        for one in self.waiting:
            found.setdefault(one.wait.reason, []).append(one.tag)
        return found


def named(waiting: Sequence[Waiting], *, descending: bool) -> str:
    """The newest of those that wait, each with its reason: `main-13 matures at …, main-12 … and 4 more`."""
    ordered = sorted(waiting, key=lambda one: one.key, reverse=not descending)
    text = ", ".join(f"{one.tag} {one.wait.reason}" for one in ordered[:_MOST_NAMED])
    more = len(ordered) - _MOST_NAMED
    return f"{text} and {more} more" if more > 0 else text
