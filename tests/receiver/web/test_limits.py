"""Token buckets, and the address of a client behind proxies."""

from ipaddress import ip_network

import pytest
from starlette.requests import Request

from fcpin.receiver.web.limits import MAX_CLIENTS, Clients, RateLimit
from tests.support.clock import ManualClock

PROXY, CLIENT, OTHER = "10.1.2.3", "198.51.100.7", "203.0.113.9"


def test_a_bucket_is_full_at_first_and_fills_evenly() -> None:
    clock = ManualClock()
    rates = RateLimit(clock, 60)
    assert [rates.take("a") for _ in range(60)] == [0.0] * 60
    assert rates.take("a") == pytest.approx(1)
    assert rates.take("b") == 0
    clock.advance(0.5)
    assert rates.take("a") == pytest.approx(0.5)
    clock.advance(0.5)
    assert rates.take("a") == 0
    assert rates.take("a") == pytest.approx(1)
    clock.advance(3600)
    assert [rates.take("a") > 0 for _ in range(61)] == [False] * 60 + [True]


def test_the_oldest_keys_are_forgotten() -> None:
    rates = RateLimit(ManualClock(), 1)
    for number in range(MAX_CLIENTS + 5):
        rates.take(str(number))
        rates.take("busy")
    assert len(rates._buckets) == MAX_CLIENTS
    assert rates.take("busy") > 0
    assert rates.take("0") == 0, "forgotten"


CLIENTS: list[tuple[str, str, list[str], str]] = [
    ("no proxy", CLIENT, [], CLIENT),
    ("a header of an untrusted client", CLIENT, [OTHER], CLIENT),
    ("a proxy", PROXY, [CLIENT], CLIENT),
    ("a proxy that passes the header of its client on", PROXY, [f"{OTHER}, {CLIENT}"], CLIENT),
    ("a proxy that adds a second header", PROXY, [OTHER, CLIENT], CLIENT),
    ("a proxy behind another", PROXY, [f"{CLIENT}, 10.9.9.9"], CLIENT),
    ("a proxy at a dual-stack socket", f"::ffff:{PROXY}", [CLIENT], CLIENT),
    ("a client in the IPv6 form", PROXY, [f"::ffff:{CLIENT}"], CLIENT),
    ("a proxy without the header", PROXY, [], PROXY),
    ("a proxy with an invalid header", PROXY, ["unknown"], PROXY),
    ("a client that chooses its IPv6 address", "2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
    ("no address", "", [], "None"),
]


@pytest.mark.parametrize(("peer", "forwarded", "name"), [pytest.param(*row[1:], id=row[0]) for row in CLIENTS])
def test_the_address_of_a_client(peer: str, forwarded: list[str], name: str) -> None:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    request = Request({"type": "http", "headers": headers, "client": (peer, 1) if peer else None})
    assert Clients(ManualClock(), [ip_network("10.0.0.0/8")]).name(request) == name
