"""The limits of a connection, over real sockets."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from fcpin.receiver.web.limits import Limits
from tests.receiver.web.serving import Client, Receiver

HEAD = b"POST /hooks/acr HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
SECONDS = 0.2


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Receiver, Client]]:
    limits = Limits(body_seconds=SECONDS, header_seconds=SECONDS, unread_seconds=SECONDS, connections=20)
    receiver = Receiver(limits=limits)
    with receiver.serve() as client:
        yield receiver, client


@pytest.fixture
def receiver(served: tuple[Receiver, Client]) -> Receiver:
    served[0].counts.counted.clear()
    return served[0]


@pytest.fixture
def client(served: tuple[Receiver, Client]) -> Client:
    return served[1]


def exchange(client: Client, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send *parts*, and return what is received until the server closes the connection."""
    with socket.create_connection(client.address, timeout=5) as connection:
        answer = b""
        with suppress(ConnectionError):
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            while chunk := connection.recv(65536):
                answer += chunk
        return answer


SLOW: list[tuple[str, list[bytes], float, list[list[bytes]], float]] = [
    # label, what is sent and after which pauses, the possible statuses (none: the connection was reset), at most seconds
    ("a head that arrives in pieces", [HEAD, *[b"X-More: 1\r\n"] * 30], SECONDS / 15, [[b"408"], []], SECONDS * 2.5),
    ("a second head: from the response to the first", [HEALTH, b"GET /heal"], SECONDS * 0.4, [[b"200", b"408"]], SECONDS * 1.6),
    ("a body", [HEAD + b"Content-Length: 100\r\n\r\n{"], 0, [[b"408"]], SECONDS * 2),
    ("a body that no handler reads", [HEALTH[:-2] + b"Content-Length: 100\r\n\r\n{"], 0, [[b"200"]], SECONDS * 2),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "pause", "statuses", "seconds"), [pytest.param(*row[1:], id=row[0]) for row in SLOW])
def test_deadlines(
    receiver: Receiver, client: Client, parts: list[bytes], pause: float, statuses: list[list[bytes]], seconds: float
) -> None:
    began = time.monotonic()
    answer = exchange(client, *parts, pause=pause)
    assert time.monotonic() - began < seconds
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) in statuses
    assert receiver.counted == ({("", "slow"): 1} if b"408" in statuses[0] else {})
    assert b"408" not in answer or b"connection: close" in answer.lower()


def test_a_body_is_counted_whatever_length_was_announced(receiver: Receiver, client: Client) -> None:
    announced = exchange(client, HEAD + b"Content-Length: 99999999999999999999999999\r\n\r\n")
    assert announced.startswith((b"HTTP/1.1 413 ", b"HTTP/1.1 400 "))
    chunks = [b"10000\r\n" + b" " * 0x10000 + b"\r\n"] * 20
    assert exchange(client, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *chunks)[:13] in (b"HTTP/1.1 413 ", b"")
    assert receiver.counted["", "oversized"] >= 1


def test_a_client_that_does_not_read_is_disconnected(receiver: Receiver, client: Client) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(5)
        connection.connect(client.address)
        with suppress(ConnectionError):
            connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 4_000)
        deadline = time.monotonic() + 5
        with suppress(ConnectionError):
            while connection.send(b"x"):
                assert time.monotonic() < deadline, "the connection is still open"
                time.sleep(0.02)
    assert receiver.counted["", "slow"] == 1


TWO_LENGTHS = HEAD + b"Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HEALTH
INVALID = [b"\r\n\r\nhello\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000, TWO_LENGTHS]


@pytest.mark.parametrize("sent", INVALID, ids=["text", "no version", "a long head", "a request in a body"])
def test_invalid_http_is_rejected(receiver: Receiver, client: Client, sent: bytes) -> None:
    head, _, body = exchange(client, sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert list(json.loads(body)) == ["error"]
    assert receiver.counted == {("", "malformed"): 1}


def test_too_many_connections_are_rejected(receiver: Receiver, client: Client) -> None:
    opened = [socket.create_connection(client.address, timeout=5) for _ in range(20)]
    try:
        assert exchange(client).startswith(b"HTTP/1.1 503 ")
    finally:
        for one in opened:
            one.close()
    assert receiver.counted["", "crowded"] == 1
    time.sleep(0.05)
    assert client.request("GET", "/healthz").status == 200
