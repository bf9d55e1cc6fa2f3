"""What a check says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Status(StrEnum):
    """How bad it is."""

    OK = "ok"
    PROBLEM = "problem"
    NOTE = "note"
    """Not wrong, but worth knowing."""
    UNTRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    status: Status
    name: str
    """What was looked at: `fc:GetFunction checkout`."""
    detail: str
    """What was found."""
    remedy: str = ""
    """What to do; empty where there is nothing to."""


Check: TypeAlias = Callable[[], Iterator[Line]]
"""Raises FcpinError where it cannot go on; `examine` makes a line of it."""


def ok(name: str, detail: str) -> Line:
    return Line(Status.OK, name, detail)


def problem(name: str, detail: str, remedy: str) -> Line:
    return Line(Status.PROBLEM, name, detail, remedy)


def note(name: str, detail: str, remedy: str = "") -> Line:
    return Line(Status.NOTE, name, detail, remedy)


def untried(name: str, why: str) -> Line:
    return Line(Status.UNTRIED, name, why)
