"""The record of every API call that arrived."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import overload


@dataclass(frozen=True, slots=True)
class Call:
    """One API call, recorded when it arrived, whatever became of it."""

    action: str
    """`UpdateFunction`, `ListRepoTag`, `GET tags/list`, `HEAD manifest` …"""
    target: str
    """What it was about: function name, repository, `repository:reference`."""
    time: datetime
    """On the emulator's clock."""


class Calls(Sequence[Call]):
    """Calls in order of arrival."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: list[Call] = []

    def add(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def count(self, value: object) -> int:
        """How many calls of an action (`calls.count("UpdateFunction")`) or like a Call there are."""
        return sum(value in (call.action, call) for call in self)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Call]: ...
    def __getitem__(self, index: int | slice) -> Call | Sequence[Call]:
        return self._calls[index]

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        with self._lock:
            return iter(list(self._calls))

    def __repr__(self) -> str:
        return f"Calls({[f'{call.action} {call.target}' for call in self]})"
