"""Whether a function is ready, and waiting until it is.

Both fields count: `state` and `lastUpdateStatus`. A failed update leaves the old image serving, and is a failure.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Self

from fcpin.clock import Clock
from fcpin.errors import DeadlineExceeded, FunctionNotFound, UpdateFailed
from fcpin.fc.model import Function

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_PAUSE_GROWS: Final = 1.5
_PROGRESS: Final = 30.0
"""Seconds without a line of progress, at most."""


class Readiness(Enum):
    """What the two status fields of a function mean for a request that waits."""

    READY = "ready"
    PENDING = "pending"
    FAILED = "failed"

    @classmethod
    def of(cls, function: Function) -> Self:
        """Inactive counts as ready: FC prepares the image again at the next invocation.

        A failed function that is being updated is pending: the update may heal it.
        """
        if function.last_update_status == "InProgress":
            return cls.PENDING
        if function.state == "Failed" or function.last_update_status == "Failed":
            return cls.FAILED
        if function.state in {"", "Active", "Inactive"} and function.last_update_status in {"", "Successful"}:
            return cls.READY
        return cls.PENDING


@dataclass(frozen=True, slots=True)
class Waiter:
    """How long to wait for a function, by which clock, and where progress is reported."""

    clock: Clock
    deadline: float
    """Seconds."""
    report: Callable[[str], None] = lambda _: None
    """Takes a line of progress at least every 30 s."""

    def settle(self, function: Function, get: Callable[[], Function]) -> Function:
        """Poll *get* until nothing is under way; *function* is the latest answer of it. Raises DeadlineExceeded."""
        watch = self.watch(function.name)
        while Readiness.of(function) is Readiness.PENDING:
            watch.pause(_status(function))
            function = get()
        return function

    def wait(self, sent: Function, get: Callable[[], Function], before: Function | None = None) -> Function:
        """Return `outcome` if it is a success. Raises UpdateFailed, DeadlineExceeded."""
        function = self.outcome(sent, get, before)
        if Readiness.of(function) is Readiness.FAILED:
            raise UpdateFailed(
                f"function {sent.name}: {_status(function)}; "
                + ("the old image keeps serving" if function.state != "Failed" else "it cannot be invoked")
            )
        return function

    def outcome(self, sent: Function, get: Callable[[], Function], before: Function | None = None) -> Function:
        """Poll *get* until it returns the result of a request, at least once. Raises DeadlineExceeded.

        *sent* is the answer to the request, which does not count: it may lack the status of the operation, or be older
        than the request. *before* is the function before it, None for a new one. An answer of *get* counts when
        nothing is under way in it, it is not older than any other, and it differs from *before*, unless an operation
        under way was seen since.
        """
        watch, latest = self.watch(sent.name), max(sent.last_modified_time, before.last_modified_time if before else "")
        under_way, function = Readiness.of(sent) is Readiness.PENDING, sent
        if under_way:
            watch.pause(_status(sent))
        while True:
            try:
                function = get()
            except FunctionNotFound:
                if before is not None:
                    raise
                watch.pause("GetFunction does not find it yet")
                continue
            old = bool(function.last_modified_time) and function.last_modified_time < latest
            latest = max(latest, function.last_modified_time)
            under_way = under_way or (Readiness.of(function) is Readiness.PENDING and not old)
            if Readiness.of(function) is Readiness.PENDING:
                watch.pause(_status(function))
            elif old or (before is not None and not under_way and function.wire == before.wire):
                watch.pause(f"GetFunction still returns it as it was before the request, {_status(function)}")
            else:
                return function

    def watch(self, name: str, failure: str = "not ready") -> "Watch":
        """Start to measure the time for the function *name*; *failure* describes it at the deadline."""
        now = self.clock.monotonic()
        return Watch(self, name, failure, now, now)


@dataclass(slots=True)
class Watch:
    """Pauses between polls, which grow; the deadline; and progress."""

    waiter: Waiter
    name: str
    failure: str
    started: float
    reported: float
    next_pause: float = _FIRST_PAUSE

    def pause(self, status: str) -> None:
        """Sleep until the next poll. Raises DeadlineExceeded, which ends with *status*."""
        clock, deadline = self.waiter.clock, self.waiter.deadline
        now = clock.monotonic()
        left = self.started + deadline - now
        if left <= 0:
            raise DeadlineExceeded(
                f"function {self.name}: {self.failure} after {deadline:g} s ({status}); "
                "the change may still complete: run again, or raise `deadline`"
            )
        seconds = min(self.next_pause, left)
        if now + seconds - self.reported > _PROGRESS:
            self.waiter.report(
                f"function {self.name}: waiting for {now - self.started:.0f} s of at most {deadline:g} s: {status}"
            )
            self.reported = now
        clock.sleep(seconds)
        self.next_pause = min(self.next_pause * _PAUSE_GROWS, _LONGEST_PAUSE)


def _status(function: Function) -> str:
    status = f"state {function.state or 'unknown'}, last update {function.last_update_status or 'unknown'}"
    return f"{status}, {function.reason}" if function.reason else status
