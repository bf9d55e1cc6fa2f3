"""Whether an address answers, and whether its clock and ours agree."""

from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from fcpin.clock import Clock
from fcpin.doctor.line import Line, note, ok, problem, untried
from fcpin.errors import RegistryError
from fcpin.http.exchange import Response
from fcpin.http.limits import MIB, Retry
from fcpin.registry.transport import Transport

ONCE: Final = Retry(attempts=1, seconds=30.0, first_wait=0.0, longest_wait=0.0)
_REFUSED_BEYOND: Final = 15 * 60
"""Seconds: the APIs refuse a signature whose date is further off."""
_NOTED_BEYOND: Final = 60
_CLOCK: Final = "clock"
_REMEDY: Final = "check the name, the network and the proxy variables; a VPC address needs its VPC"


def endpoint(name: str, url: str, clock: Clock, *, tells_time: bool = False) -> Iterator[Line]:
    """Any answer will do, a refusal too: nobody has signed. *tells_time*: compare the clocks by it."""
    started = clock.monotonic()
    try:
        answer = Transport(retry=ONCE, clock=clock).send("GET", url, headers={}, limit=MIB)
    except RegistryError as error:
        yield problem(name, str(error), _REMEDY)
        if tells_time:
            yield untried(_CLOCK, "nobody tells the time")
        return
    seconds = clock.monotonic() - started
    yield ok(name, f"{url} answers in {seconds * 1000:.0f} ms")
    if tells_time:
        yield _skew(answer, clock)


def _skew(answer: Response, clock: Clock) -> Line:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return untried(_CLOCK, f"{answer.url} tells no time")
    off = (clock.now() - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds()
    ahead = f"this machine is {abs(off):.0f} s {'ahead' if off > 0 else 'behind'}"
    if abs(off) > _REFUSED_BEYOND:
        return problem(
            _CLOCK, f"{ahead}; beyond 15 minutes every signature is refused", "set the clock, or let NTP do so"
        )
    if abs(off) > _NOTED_BEYOND:
        return note(_CLOCK, f"{ahead}; beyond 15 minutes every signature is refused", "set the clock, or let NTP do so")
    return ok(_CLOCK, "agrees with the cloud's")
