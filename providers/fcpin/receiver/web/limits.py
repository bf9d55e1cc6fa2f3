"""Read what strangers send: so much, so long, and from each only so often."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

from starlette.requests import ClientDisconnect, HTTPConnection, Request

from fcpin.clock import Clock
from fcpin.receiver.errors import Rejected
from fcpin.receiver.settings.model import MAX_BODY, Network
from fcpin.receiver.web.rates import Rates

Address: TypeAlias = IPv4Address | IPv6Address

FORGERIES_A_MINUTE: Final = 60
_ONE_HOUSEHOLD: Final = 64
"""Bits of an IPv6 address that one peer chooses its others under."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take."""

    body_bytes: int = MAX_BODY
    body_seconds: float = 10.0
    """In which the whole body has to arrive."""
    header_seconds: float = 10.0
    """From the connection, or the end of the answer before, to the end of the head of a request."""
    header_bytes: int = 16 * 1024
    unread_seconds: float = 30.0
    """In which whoever asks has to take the greater part of what waits to be sent."""
    connections: int = 512


async def read_body(request: Request, limits: Limits) -> bytes:
    """The whole body, counted as it comes: its announced length may be a lie. Raises Rejected."""
    too_large = Rejected(413, "oversized", f"a body has up to {limits.body_bytes} bytes")
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
        raise Rejected(408, "slow", f"the body did not arrive within {limits.body_seconds:g} s") from None
    except ClientDisconnect:
        raise Rejected(400, "malformed", "the connection ended before the body did") from None
    return bytes(body)


class Peers:
    """Who has tried too many secrets."""

    def __init__(self, clock: Clock, trusted: Sequence[Network] = ()) -> None:
        """*trusted* are proxies, which say for whom they ask in `X-Forwarded-For`."""
        self._trusted = trusted
        self._rates = Rates(clock, FORGERIES_A_MINUTE)

    def name(self, request: Request) -> str:
        """The address that asks, or the network that it may change its address in."""
        address = peer_address(request)
        # A proxy may add a header of its own to the one that it was sent.
        forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        while is_among(address, self._trusted) and forwarded:
            last = _address(forwarded.pop().strip())
            if last is None:
                break
            address = last
        if isinstance(address, IPv6Address):
            return str(IPv6Network((address, _ONE_HOUSEHOLD), strict=False))
        return str(address)

    def failed(self, peer: str) -> None:
        """Count a wrong secret of *peer*. Raises Rejected when there were too many.

        Right secrets are not counted and never throttled: others behind the same address may send wrong ones.
        """
        if wait := self._rates.take(peer):
            raise Rejected(429, "throttled", f"too many wrong secrets; wait {wait:.0f} s")


def peer_address(request: HTTPConnection) -> Address | None:
    """The other end of the connection; None where it has no address."""
    return _address(request.client.host if request.client else "")


def is_among(address: Address | None, networks: Sequence[Network]) -> bool:
    """Whether *address* is in one of *networks*; never, where there is none."""
    return address is not None and any(address in network for network in networks)


def _address(text: str) -> Address | None:
    """A socket for both protocols tells an address of IPv4 in the form of IPv6; it is the same."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
