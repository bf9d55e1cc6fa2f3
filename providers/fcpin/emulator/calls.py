"""The record of every API call that arrived."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Literal, get_args, overload

from fcpin.emulator.wire import EmulatorError


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


Kind = Literal["error", "html-502", "empty", "reset", "slow", "not-success"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure.

    Kinds: `error` (status, code and message in the service's own shape), `html-502` (a proxy's page), `empty` (503
    without a body), `reset` (the connection breaks), `slow` (the right answer, *seconds* late), `not-success` (HTTP 200
    with IsSuccess=false, as ACR does).
    """

    kind: Kind = "error"
    status: int = 503
    code: str = "ServiceUnavailable"
    message: str = "The request has failed due to a temporary failure of the server."
    retry_after_ms: int | None = None
    """Sent as `x-acs-retry-after`."""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise EmulatorError(f"fault kind {self.kind!r}: expected one of {', '.join(get_args(Kind))}")


@dataclass(frozen=True, slots=True)
class AfterCall:
    """A verb to carry out as soon as the next call of an action has been answered."""

    verb: str
    arguments: dict[str, Any]


class Faults:
    """What waits for the next calls, by action."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: dict[str, list[Fault]] = {}
        self._sequels: dict[str, list[AfterCall]] = {}

    def add(self, action: str, fault: Fault, times: int) -> None:
        with self._lock:
            self._faults.setdefault(action, []).extend([fault] * times)

    def take(self, action: str) -> Fault | None:
        """The failure for a call that has just arrived; it is used up."""
        if not self._faults:
            return None
        with self._lock:
            waiting = self._faults.get(action)
            return waiting.pop(0) if waiting else None

    def add_sequel(self, action: str, sequel: AfterCall) -> None:
        with self._lock:
            self._sequels.setdefault(action, []).append(sequel)

    def take_sequel(self, action: str) -> AfterCall | None:
        if not self._sequels:
            return None
        with self._lock:
            waiting = self._sequels.get(action)
            return waiting.pop(0) if waiting else None

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self._sequels.clear()
