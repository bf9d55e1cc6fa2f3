"""One total time, one size and no redirect for every request of every client."""

import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest

from fcpin.errors import RegistryError, RegistryProtocolError, RegistryUnavailable
from fcpin.http.exchange import NotSent, Unreachable, exchange
from fcpin.http.limits import MIB, Limits
from fcpin.http.retries import Retry
from fcpin.registry.session import Transport
from tests.registry.scripted import NO_ANSWER, Reply, ScriptedServer
from tests.remote.calls import CALLS, CLIENTS, KEY, LIMITS, At, Call, functions

EACH_CLIENT = pytest.mark.parametrize("call", CLIENTS, ids=[call.name for call in CLIENTS])
MUCH = 64 * MIB
"""Of zeros: 64 times the limit of these tests."""
BOMB = gzip.compress(bytes(MUCH), 9)
SHORT = Limits(connect=1, silence=0.03)
ONCE = Retry(attempts=1)
SECONDS = 2.0
"""SHORT.total, with a margin for a busy machine."""


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def elsewhere() -> Iterator[ScriptedServer]:
    """Another origin, which accepts every request."""
    with ScriptedServer() as server:
        server.otherwise(lambda _: Reply(200, b"{}"))
        yield server


def seconds_of(call: Call, server: ScriptedServer, reply: Reply) -> float:
    """How long the call takes to fail as unavailable."""
    call.serve(server, lambda _: reply)
    started = time.monotonic()
    with pytest.raises(call.tree.unavailable) as raised:
        call.make(At(server.url, SHORT, ONCE))
    assert type(raised.value) is call.tree.unavailable
    return time.monotonic() - started


SLOW: list[tuple[str, Reply]] = [
    ("the body at one byte a moment", Reply(200, b"{" + b" " * 10_000, drip=SHORT.silence / 4)),
    ("the head at one byte a moment", Reply(drip=SHORT.silence / 4, drip_head=True)),
    ("nothing after the head", Reply(200, b"{" * 10, drip=100.0)),
    ("no response", Reply(drip=100.0, drip_head=True)),
]


@EACH_CLIENT
@pytest.mark.parametrize("reply", [row[1] for row in SLOW], ids=[row[0] for row in SLOW])
def test_a_response_that_does_not_end_is_an_error(call: Call, reply: Reply, server: ScriptedServer) -> None:
    assert seconds_of(call, server, reply) < SECONDS


@EACH_CLIENT
def test_a_connection_that_breaks_is_unavailable(call: Call, server: ScriptedServer) -> None:
    assert seconds_of(call, server, Reply(NO_ANSWER)) < SECONDS


def test_an_answer_may_be_slow_within_its_time(server: ScriptedServer) -> None:
    """Longer in all than the longest silence, shorter than three of them."""
    limits = Limits(silence=0.3)
    server.otherwise(lambda _: Reply(200, b'{"functions":[]}', drip=limits.silence / 10))
    started = time.monotonic()
    assert list(functions(At(server.url, limits)).list()) == []
    assert limits.silence < time.monotonic() - started < limits.total


LARGE: list[tuple[str, Reply]] = [
    ("more than the limit", Reply(200, b" " * (12 * MIB))),
    ("a bomb of gzip", Reply(200, BOMB, {"Content-Encoding": "gzip"})),
    ("a bomb of deflate", Reply(200, zlib.compress(bytes(MUCH)), {"Content-Encoding": "deflate"})),
    ("a bomb in a bomb", Reply(200, gzip.compress(BOMB), {"Content-Encoding": "gzip, gzip"})),
    ("a bomb with the status of an error", Reply(500, BOMB, {"Content-Encoding": "gzip"})),
]


@EACH_CLIENT
@pytest.mark.parametrize("reply", [row[1] for row in LARGE], ids=[row[0] for row in LARGE])
def test_an_answer_beyond_the_limit_is_not_kept_in_memory(call: Call, reply: Reply, server: ScriptedServer) -> None:
    call.serve(server, lambda _: reply)
    tracemalloc.start()
    try:
        with pytest.raises(call.tree.malformed, match=r"exceeds 1,048,576 bytes"):
            call.make(At(server.url))
        assert tracemalloc.get_traced_memory()[1] < 8 * LIMITS.size
    finally:
        tracemalloc.stop()


REDIRECTS = [301, 302, 303, 307, 308]


@EACH_CLIENT
@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_is_an_error_and_nothing_is_sent_there(
    call: Call, status: int, server: ScriptedServer, elsewhere: ScriptedServer
) -> None:
    target = f"{elsewhere.url.replace('127.0.0.1', 'localhost')}/?Signature=s3cret-query"
    call.serve(server, lambda _: Reply(status, b"{}", {"Location": target}))
    with pytest.raises(call.tree.malformed, match="redirects to localhost") as raised:
        call.make(At(server.url))
    assert elsewhere.requests == []
    assert "s3cret" not in str(raised.value)
    assert not raised.value.temporary


@pytest.mark.parametrize("location", ["/elsewhere", "", "http://[::", "//", "\x0b"])
def test_no_redirect_is_followed_at_all(location: str, server: ScriptedServer) -> None:
    call = CALLS[0]
    server.otherwise(lambda _: Reply(302, b"", {"Location": location}))
    with pytest.raises(call.tree.malformed, match="Redirected"):
        call.make(At(server.url))
    assert len(server.requests) == 1


def test_a_header_that_is_not_valid_is_one_line_without_it(server: ScriptedServer) -> None:
    with pytest.raises(NotSent) as raised:
        exchange("GET", server.url, {"Authorization": "Bearer hunter2\n"}, None, LIMITS)
    assert "hunter2" not in str(raised.value)
    with pytest.raises(RegistryError, match="cannot be sent"):
        Transport(limits=LIMITS).send("GET", server.url, headers={"Authorization": "Bearer hunter2\n"})
    assert server.requests == []


PROXIES = ["http://[::", "socks5://127.0.0.1:1", "http://127.0.0.1:99999", "http://a b:80"]
PROXIES += [proxy.replace("//", "//user:hunter2@") for proxy in PROXIES]


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_proxy_that_is_not_valid_is_an_error_of_the_call(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    call = CALLS[0]
    with pytest.raises(call.tree.any, match=r"the address of the proxy \(HTTP_PROXY, HTTPS_PROXY; expected") as raised:
        call.make(At("http://fc.invalid", SHORT, ONCE))
    assert not raised.value.temporary
    assert "hunter2" not in str(raised.value)


# registries

OCI: list[tuple[str, Reply, type[Exception]]] = [
    ("the body at one byte a moment", SLOW[0][1], RegistryUnavailable),
    ("the head at one byte a moment", SLOW[1][1], RegistryUnavailable),
    ("a bomb", LARGE[1][1], RegistryProtocolError),
]


@pytest.mark.parametrize(("reply", "error"), [row[1:] for row in OCI], ids=[row[0] for row in OCI])
def test_requests_of_registries_have_the_same_limits(
    reply: Reply, error: type[Exception], server: ScriptedServer
) -> None:
    server.otherwise(lambda _: reply)
    started = time.monotonic()
    with pytest.raises(error):
        Transport(retry=Retry(attempts=1), limits=SHORT).send("GET", f"{server.url}/v2/", headers={}, limit=MIB)
    assert time.monotonic() - started < SECONDS


def test_a_slow_response_to_connect_is_an_error(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    server.otherwise(lambda _: SLOW[1][1])
    started = time.monotonic()
    with pytest.raises(Unreachable):
        exchange("GET", "https://fc.invalid/", {}, None, Limits(connect=0.1))
    assert time.monotonic() - started < SECONDS


def test_the_apis_are_called_through_the_proxy_of_the_environment(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("NO_PROXY", "exempt.invalid")
    server.otherwise(lambda _: Reply(200, json.dumps({"functions": []}).encode()))
    assert list(functions(At("http://fc.invalid")).list()) == []
    assert server.requests[0].target.startswith("http://fc.invalid/2023-03-30/functions?")
    call = CALLS[0]
    with pytest.raises(call.tree.unavailable, match="the host name does not exist"):
        call.make(At("http://exempt.invalid"))


def test_requests_are_signed_with_the_session_token(server: ScriptedServer) -> None:
    CALLS[0].serve(server, lambda _: Reply(404, b'{"Code": "FunctionNotFound"}'))
    with pytest.raises(CALLS[0].tree.missing):
        CALLS[0].make(At(server.url))
    (request,) = server.requests
    assert request.headers["authorization"].startswith("ACS3-HMAC-SHA256 Credential=key,SignedHeaders=")
    assert request.headers["x-acs-security-token"] == KEY.security_token
    assert request.headers["accept-encoding"] == "identity"
