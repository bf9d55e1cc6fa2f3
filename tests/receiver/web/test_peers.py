"""By which address wrong secrets are counted: a proxy tells for whom it asks, and nobody else is believed."""

from ipaddress import ip_network

import pytest
from starlette.requests import Request

from fcpin.receiver.web.limits import Clients
from tests.support.clock import ManualClock

PROXY, GUESSER, OTHER = "10.1.2.3", "198.51.100.7", "203.0.113.9"

PEERS: list[tuple[str, str, list[str], str]] = [
    ("somebody without a proxy", GUESSER, [], GUESSER),
    ("somebody who says to ask for another", GUESSER, [OTHER], GUESSER),
    ("the proxy for somebody", PROXY, [GUESSER], GUESSER),
    ("the proxy for somebody who says to ask for another", PROXY, [f"{OTHER}, {GUESSER}"], GUESSER),
    ("a proxy that adds a header of its own to the one that it was sent", PROXY, [OTHER, GUESSER], GUESSER),
    ("a proxy behind another", PROXY, [f"{GUESSER}, 10.9.9.9"], GUESSER),
    ("a proxy behind a socket for both", f"::ffff:{PROXY}", [GUESSER], GUESSER),
    ("a proxy that tells both forms of an address", PROXY, [f"::ffff:{GUESSER}"], GUESSER),
    ("a proxy that tells nobody", PROXY, [], PROXY),
    ("a proxy that tells what is no address", PROXY, ["unknown"], PROXY),
    ("somebody with a network of addresses", "2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
    ("a peer without an address", "", [], "None"),
]


@pytest.mark.parametrize(("peer", "forwarded", "name"), [pytest.param(*row[1:], id=row[0]) for row in PEERS])
def test_who_asks(peer: str, forwarded: list[str], name: str) -> None:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    request = Request({"type": "http", "headers": headers, "client": (peer, 1) if peer else None})
    assert Clients(ManualClock(), [ip_network("10.0.0.0/8")]).name(request) == name
