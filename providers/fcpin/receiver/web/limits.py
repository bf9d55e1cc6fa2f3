"""Limits for untrusted clients: size and time of a request, and how often each client may try."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

from starlette.requests import ClientDisconnect, HTTPConnection, Request

from fcpin.clock import Clock
from fcpin.receiver.errors import Reason, Rejected

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

MAX_BODY: Final = 1 << 20
"""Bytes of a request."""
WRONG_SECRETS_PER_MINUTE: Final = 60
MAX_CLIENTS: Final = 10_000
_IPV6_PREFIX: Final = 64
"""Bits of an IPv6 address under which one client chooses its addresses."""
_MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one request and of the server."""

    body_bytes: int = MAX_BODY
    body_seconds: float = 10.0
    """For the whole body."""
    header_seconds: float = 10.0
    """From the connection, or the end of the previous response, to the end of the head of a request."""
    header_bytes: int = 16 * 1024
    unread_seconds: float = 30.0
    """For a client to read most of the response data that is waiting for it."""
    connections: int = 512


async def read_body(request: Request, limits: Limits) -> bytes:
    """Return the whole body, counted as it arrives: its announced length may be wrong. Raises Rejected."""
    too_large = Rejected(Reason.OVERSIZED, f"the body exceeds {limits.body_bytes:,} bytes")
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > limits.body_bytes:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limits.body_bytes:
                    raise too_large
    except TimeoutError:
        raise Rejected(Reason.SLOW, f"the body did not arrive within {limits.body_seconds:g} s") from None
    except ClientDisconnect:
        raise Rejected(Reason.MALFORMED, "the connection was closed before the body was complete") from None
    return bytes(body)


@dataclass(slots=True)
class RateLimit:
    """A token bucket for each key: *per_minute*, which may come all at once. Thread-safe.

    Keys are forgotten in the order of their last use when there are too many.
    """

    clock: Clock
    per_minute: float
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict, repr=False)
    """Tokens left, and at which time."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, key: str) -> float:
        """Take one token and return 0; if there is none, return the seconds until there is one."""
        with self._lock:
            now = self.clock.monotonic()
            left, at = self._buckets.get(key, (self.per_minute, now))
            left = min(self.per_minute, left + (now - at) * self.per_minute / _MINUTE)
            wait = 0.0 if left >= 1 else (1 - left) * _MINUTE / self.per_minute
            self._buckets[key] = (left if wait else left - 1, now)
            self._buckets.move_to_end(key)
            if len(self._buckets) > MAX_CLIENTS:
                self._buckets.popitem(last=False)
            return wait


class Clients:
    """Counts wrong secrets by the address of the client."""

    def __init__(self, clock: Clock, proxies: Sequence[Network] = ()) -> None:
        """*proxies* are trusted to name the client in `X-Forwarded-For`."""
        self._proxies = proxies
        self._rates = RateLimit(clock, WRONG_SECRETS_PER_MINUTE)

    def name(self, request: Request) -> str:
        """Return the address of the client, or its network if that is IPv6."""
        address = peer_address(request)
        # A proxy may add a header of its own to the one that it received.
        forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        while is_among(address, self._proxies) and forwarded:
            last = _address(forwarded.pop().strip())
            if last is None:
                break
            address = last
        if isinstance(address, IPv6Address):
            return str(IPv6Network((address, _IPV6_PREFIX), strict=False))
        return str(address)

    def count_wrong_secret(self, request: Request) -> None:
        """Raise Rejected if there were too many from this client.

        Valid secrets are neither counted nor throttled: clients behind one address share its count.
        """
        if wait := self._rates.take(self.name(request)):
            raise Rejected(Reason.THROTTLED, f"too many wrong secrets; retry in {wait:.0f} s")


def peer_address(request: HTTPConnection) -> Address | None:
    """Return the other end of the connection; None if it has no IP address."""
    return _address(request.client.host if request.client else "")


def is_among(address: Address | None, networks: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in networks)


def _address(text: str) -> Address | None:
    """Parse an address; the IPv6 form of an IPv4 address, which a dual-stack socket reports, becomes IPv4."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
