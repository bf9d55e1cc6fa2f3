"""The log of API calls, and the failures to inject into them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Literal, get_args, overload

from fcpin.emulator.wire import EmulatorError


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One API call, recorded on arrival, whether it succeeds or fails."""

    action: str
    """`UpdateFunction`, `ListRepoTag`, `GET tags/list`, `HEAD manifest` …"""
    target: str
    """Function name, repository, `repository:reference` …"""
    time: datetime
    """On the emulator's clock."""


class CallLog(Sequence[ApiCall]):
    """API calls in order of arrival."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: list[ApiCall] = []

    def add(self, call: ApiCall) -> None:
        with self._lock:
            self._calls.append(call)

    def count(self, value: object) -> int:
        """Count the calls of an action (`calls.count("UpdateFunction")`), or those equal to an ApiCall."""
        return sum(value in (call.action, call) for call in self)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()

    @overload
    def __getitem__(self, index: int) -> ApiCall: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ApiCall]: ...
    def __getitem__(self, index: int | slice) -> ApiCall | Sequence[ApiCall]:
        return self._calls[index]

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[ApiCall]:
        with self._lock:
            return iter(list(self._calls))

    def __repr__(self) -> str:
        return f"CallLog({[f'{call.action} {call.target}' for call in self]})"


Kind = Literal["error", "html-502", "empty", "reset", "slow", "not-success"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure.

    Kinds: `error` (status, code and message in the API's own shape), `html-502` (a proxy's error page), `empty` (503
    without a body), `reset` (the connection is reset), `slow` (the normal response, *seconds* late), `not-success`
    (HTTP 200 with IsSuccess=false, as ACR does).
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
    """A verb to carry out after the response to the next call of an action."""

    verb: str
    arguments: dict[str, Any]


class Faults:
    """Failures and verbs for the next calls, by action."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: dict[str, list[Fault]] = {}
        self._after: dict[str, list[AfterCall]] = {}

    def add(self, action: str, fault: Fault, times: int) -> None:
        with self._lock:
            self._faults.setdefault(action, []).extend([fault] * times)

    def take(self, action: str) -> Fault | None:
        """Remove and return the failure for a call, if there is one."""
        if not self._faults:
            return None
        with self._lock:
            waiting = self._faults.get(action)
            return waiting.pop(0) if waiting else None

    def add_after(self, action: str, after: AfterCall) -> None:
        with self._lock:
            self._after.setdefault(action, []).append(after)

    def take_after(self, action: str) -> AfterCall | None:
        if not self._after:
            return None
        with self._lock:
            waiting = self._after.get(action)
            return waiting.pop(0) if waiting else None

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self._after.clear()
