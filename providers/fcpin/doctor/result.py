from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Status(StrEnum):
    OK = "ok"
    PROBLEM = "problem"
    NOTE = "note"
    """Not wrong, but worth knowing."""
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check."""

    status: Status
    name: str
    """What was checked: `fc:GetFunction checkout`."""
    detail: str
    """What was found."""
    remedy: str = ""
    """What to do; empty where nothing is needed."""


Check: TypeAlias = Callable[[], Iterator[CheckResult]]
"""Raises FcpinError where it cannot continue; `run_checks` turns that into a result."""


def ok(name: str, detail: str) -> CheckResult:
    return CheckResult(Status.OK, name, detail)


def problem(name: str, detail: str, remedy: str) -> CheckResult:
    return CheckResult(Status.PROBLEM, name, detail, remedy)


def note(name: str, detail: str, remedy: str = "") -> CheckResult:
    return CheckResult(Status.NOTE, name, detail, remedy)


def not_tried(name: str, reason: str) -> CheckResult:
    return CheckResult(Status.NOT_TRIED, name, reason)
