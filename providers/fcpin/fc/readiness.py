"""Wait until Function Compute has made a change so.

Both fields count: `state` and `lastUpdateStatus`. A failed update leaves the old image serving, and is a failure.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from fcpin.clock import Clock
from fcpin.errors import DeadlineExceeded, UpdateFailed
from fcpin.fc.model import Function

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_PAUSE_GROWS: Final = 1.5


class Verdict(Enum):
    """What a function's two status fields mean for somebody who waits."""

    READY = "ready"
    WAIT = "wait"
    FAILED = "failed"


def judge(function: Function) -> Verdict:
    """Inactive counts as ready: FC prepares the image again at the next invocation.

    A failed function that is being updated is waited for: the update may be what heals it.
    """
    if function.last_update_status == "InProgress":
        return Verdict.WAIT
    if function.state == "Failed" or function.last_update_status == "Failed":
        return Verdict.FAILED
    if function.state in {"", "Active", "Inactive"} and function.last_update_status in {"", "Successful"}:
        return Verdict.READY
    return Verdict.WAIT


@dataclass(frozen=True, slots=True)
class Waiter:
    """How long to wait for a function, and by which clock."""

    clock: Clock
    deadline: float
    """Seconds."""

    def wait(self, sent: Function, get: Callable[[], Function]) -> Function:
        """Poll *get* until what FC answered to the request (*sent*) is so. Raises UpdateFailed, DeadlineExceeded."""
        function = self.settle(sent, get)
        if judge(function) is Verdict.FAILED:
            raise UpdateFailed(
                f"function {sent.name}: {_status(function)}; "
                + ("the old image keeps serving" if function.state != "Failed" else "it cannot be invoked")
            )
        return function

    def settle(self, sent: Function, get: Callable[[], Function]) -> Function:
        """Poll *get* until nothing is under way any more, whatever came of it. Raises DeadlineExceeded.

        An answer older than *sent* tells nothing yet.
        """
        started, pause, function = self.clock.monotonic(), _FIRST_PAUSE, sent
        while judge(function) is Verdict.WAIT:
            left = started + self.deadline - self.clock.monotonic()
            if left <= 0:
                raise DeadlineExceeded(
                    f"function {sent.name}: not ready after {self.deadline:g} s ({_status(function)}); "
                    "it may still become so: run again, or raise `deadline`"
                )
            self.clock.sleep(min(pause, left))
            pause = min(pause * _PAUSE_GROWS, _LONGEST_PAUSE)
            seen = get()
            if seen.last_modified_time >= sent.last_modified_time:
                function = seen
        return function


def _status(function: Function) -> str:
    status = f"state {function.state or 'unknown'}, last update {function.last_update_status or 'unknown'}"
    return f"{status}, {function.reason}" if function.reason else status
