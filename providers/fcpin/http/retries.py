"""How often a failed call is repeated. Apart from what sends it, whose import takes time."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from fcpin.errors import FcpinError

T = TypeVar("T")

# Without a handler of its own, stamina's message about each retry would go to the user's standard error.
logging.getLogger("stamina").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Retry:
    """How often, and for how long, a call is repeated that failed for a temporary reason."""

    attempts: int
    seconds: float = 45.0
    """From the first attempt to the last wait."""
    first_wait: float = 0.2
    """Doubled after each attempt, with as much jitter added."""
    longest_wait: float = 8.0


API_RETRY: Final = Retry(attempts=6)
"""Alibaba Cloud's APIs of Function Compute and Serverless Devs."""
REGISTRY_RETRY: Final = Retry(attempts=4, seconds=30.0, longest_wait=5.0)
"""Registries, and ACR's APIs."""


class Repeat(Protocol):
    """Calls, and repeats the call while it raises a temporary FcpinError."""

    def __call__(self, call: Callable[[], T], /) -> T: ...


def repeating(retry: Retry, wait: Callable[[Exception, Retry], bool | float] | None = None) -> Repeat:
    """Return what repeats calls as *retry* has it, with jittered exponential backoff. Safe to share between threads.

    *wait* returns whether to repeat after an error, or the seconds to wait before doing so.
    """
    import stamina  # takes 0.04 s

    decide = wait or temporary
    return stamina.RetryingCaller(
        attempts=retry.attempts,
        timeout=retry.seconds,
        wait_initial=retry.first_wait,
        wait_max=retry.longest_wait,
        wait_jitter=retry.first_wait,
    ).on(lambda error: decide(error, retry))


def temporary(error: Exception, retry: Retry) -> bool | float:
    """True for a temporary error, or the seconds that the service requested, up to the longest wait."""
    if not isinstance(error, FcpinError) or not error.temporary:
        return False
    return True if error.retry_after is None else min(error.retry_after, retry.longest_wait)
