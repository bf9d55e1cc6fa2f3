"""How often a failed call is repeated. Apart from what sends it, whose import takes time."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

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


def retrying(call: Callable[[], T], retry: Retry, wait: Callable[[Exception, Retry], bool | float] | None = None) -> T:
    """Repeat *call* while it raises a temporary FcpinError, with jittered exponential backoff.

    *wait* returns whether to repeat after an error, or the seconds to wait before doing so.
    """
    import stamina  # takes 0.04 s

    decide = wait or temporary
    for attempt in stamina.retry_context(
        on=lambda error: decide(error, retry),
        attempts=retry.attempts,
        timeout=retry.seconds,
        wait_initial=retry.first_wait,
        wait_max=retry.longest_wait,
        wait_jitter=retry.first_wait,
    ):
        with attempt:
            return call()
    raise AssertionError("stamina raises the last error")  # pragma: no cover


def temporary(error: Exception, retry: Retry) -> bool | float:
    """True for a temporary error, or the seconds that the service requested, up to the longest wait."""
    if not isinstance(error, FcpinError) or not error.temporary:
        return False
    return True if error.retry_after is None else min(error.retry_after, retry.longest_wait)
