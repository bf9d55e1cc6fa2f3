"""Entries of a stack's configuration that adopt functions, each with a comment on what its policy follows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fcpin.adoption.candidates import Candidate
from fcpin.fc.readiness import Readiness
from fcpin.image import brief


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of `fcpin:functions`."""

    name: str
    values: Mapping[str, Any]
    comment: Sequence[str]
    """Lines to stand above it."""


def entries(candidates: Sequence[Candidate], region: str, taken: Collection[str]) -> list[Entry]:
    """One entry a candidate, under its function's name, or one made of it where that is *taken*.

    *region*: to be said in each; empty where it is the stack's own.
    """
    used, made = set(taken), []
    for candidate in candidates:
        name = free_name(candidate.function.name, used)
        used.add(name)
        made.append(_entry(candidate, name, region))
    return made


def _entry(candidate: Candidate, name: str, region: str) -> Entry:
    function = candidate.function
    values = {
        "function_name": function.name,
        **({"region": region} if region else {}),
        "repository": str(candidate.repository),
        **candidate.guess.spec,
    }
    runs = f"runs {brief(candidate.tag, function.digest)}"
    if Readiness.of(function) is not Readiness.READY:
        runs += (
            f"; its state is {function.state or 'unknown'}, its last update {function.last_update_status or 'unknown'}"
        )
    return Entry(name, values, (runs, candidate.guess.note))


def free_name(name: str, used: Collection[str]) -> str:
    """*name*, or *name*-2 and so on where it is *used*."""
    number, free = 2, name
    while free in used:
        number, free = number + 1, f"{name}-{number}"
    return free
