"""What a sender is answered, and what is kept of what it told."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fcpin.receiver.errors import UNAVAILABLE
from fcpin.receiver.settings.model import PageSettings, StackSettings
from fcpin.receiver.web.limits import MAX_BODY, WRONG_SECRETS_PER_MINUTE, Limits
from tests.receiver.pins import pin
from tests.receiver.senders.requests import NEXT, SECRET, fixture, settings, signed
from tests.receiver.web.serving import Client, Receiver

PUSH = {"image": "registry.example.com/shop/app:main-12", "sent": "2026-11-22T12:00:00Z"}
JSON = "application/json"
BEARER = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Receiver, Client]]:
    receiver = Receiver(limits=Limits(body_seconds=0.3, header_seconds=0.3, unread_seconds=0.3, connections=20))
    with receiver.serve() as client:
        yield receiver, client


@pytest.fixture
def receiver(served: tuple[Receiver, Client]) -> Receiver:
    """With nothing told so far."""
    receiver = served[0]
    receiver.inbox.clear()
    receiver.woken = 0
    receiver.tally.counted.clear()
    return receiver


@pytest.fixture
def client(served: tuple[Receiver, Client]) -> Client:
    return served[1]


def generic(receiver: Receiver, **changes: Any) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({**PUSH, "sent": receiver.clock.now().isoformat(), **changes}).encode()
    return body, signed(body)


def test_a_push_is_kept_before_it_is_answered(receiver: Receiver, client: Client) -> None:
    assert client.tell("generic", *generic(receiver)) == (202, {"jobs": ["dev"]})
    ((push, stacks),) = receiver.inbox.events
    assert (str(push.repository.path), push.tag, push.sender, stacks) == ("shop/app", "main-12", "generic", ("dev",))
    assert (stacks, receiver.woken) == (("dev",), 1)
    assert receiver.inbox.bursts[-1] == (timedelta(seconds=1), timedelta(seconds=15))
    assert receiver.tally.counted == {("generic", "accepted"): 1}


def test_what_concerns_nobody_is_heard_and_not_kept(receiver: Receiver, client: Client) -> None:
    image = "registry.example.com/shop/app:feature-1"
    assert client.tell("generic", *generic(receiver, image=image)) == (202, {"jobs": []})
    assert (receiver.inbox.events, receiver.woken) == ([], 0)


def test_the_same_event_told_twice_is_one(receiver: Receiver, client: Client) -> None:
    told = generic(receiver, id="build-1")
    assert client.tell("generic", *told) == (202, {"jobs": ["dev"]})
    assert client.tell("generic", *told) == (202, {"jobs": []})
    assert len(receiver.inbox.events) == receiver.woken == 1
    assert receiver.tally.counted == {("generic", "accepted"): 1, ("generic", "replayed"): 1}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (f"distribution/{SECRET}", {}),
        (f"distribution/{NEXT}", {}),
        (f"distribution?secret={SECRET}&registry=registry.example.com", {}),
        ("distribution", BEARER),
    ],
)
def test_wherever_the_secret_is(receiver: Receiver, client: Client, path: str, headers: dict[str, str]) -> None:
    headers = {**headers, "Content-Type": "application/vnd.docker.distribution.events.v1+json"}
    status, answer = client.tell(path, fixture("distribution/push_by_tag"), headers)
    assert status == 202
    assert answer["jobs"] == (["dev"] if "registry=" in path else [])


REFUSED = [
    # label, path, body, headers, status, counted as
    ("a wrong secret", f"acr/{SECRET}x", b"{}", {}, 401, ("acr", "invalid_secret")),
    ("no secret", "acr", b"{}", {}, 401, ("acr", "invalid_secret")),
    ("an unknown sender", f"nobody/{SECRET}", b"{}", {}, 401, ("", "invalid_secret")),
    ("a sender with a slash", f"a%2Fb/{SECRET}", b"{}", {}, 401, ("", "invalid_secret")),
    ("a signature of another body", "generic", b"{ }", signed(b"{}"), 401, ("generic", "invalid_secret")),
    ("no JSON", f"acr/{SECRET}", b"push=1", {}, 400, ("acr", "malformed")),
    ("a form", f"acr/{SECRET}", b"{}", {"Content-Type": "application/x-www-form-urlencoded"}, 415, ("acr", "media_type")),
    ("nothing that it says to be", f"acr/{SECRET}", b"{}", {"Content-Type": ""}, 415, ("acr", "media_type")),
    ("compressed", f"acr/{SECRET}", b"{}", {"Content-Encoding": "gzip"}, 415, ("acr", "media_type")),
    ("too large", f"acr/{SECRET}", b" " * (MAX_BODY + 1), {}, 413, ("", "oversized")),
    ("a bomb", f"acr/{SECRET}", b"[" * 20_000, {}, 400, ("acr", "malformed")),
    ("too many parts", f"acr/{SECRET}", b"[" + b"1," * 100_000 + b"1]", {}, 413, ("acr", "oversized")),
    ("an unknown event", f"eventbridge/{SECRET}", fixture("eventbridge/unknown_type"), {}, 400, ("eventbridge", "unknown_event")),
    ("an unknown repository", f"acr/{SECRET}", fixture("acr/push"), {}, 404, ("acr", "unknown_repository")),
    ("an old request", "generic", fixture("generic/sent_long_ago"), signed(fixture("generic/sent_long_ago")), 400, ("generic", "replayed")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "counted"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED]
)
def test_a_refusal_is_one_line_and_counted(
    receiver: Receiver, client: Client, path: str, body: bytes, headers: dict[str, str], status: int, counted: tuple[str, str]
) -> None:  # fmt: skip
    answered, answer = client.tell(path, body, headers)
    assert answered == status
    assert list(answer) == ["error"]
    assert "\n" not in answer["error"]
    assert SECRET not in answer["error"]
    assert receiver.tally.counted == {counted: 1}
    assert receiver.inbox.events == []


def test_a_refusal_is_logged_unless_it_is_a_stranger_s(
    receiver: Receiver, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Registries show nobody what they were answered."""
    caplog.set_level("INFO", "fcpin.receiver.intake")
    client.tell(f"nobody/{SECRET}", b"{}")
    client.tell("acr/guess", b"{}")
    client.tell(f"distribution/{SECRET}", fixture("distribution/unknown_action"))
    said = [record.getMessage() for record in caplog.records]
    assert [line.partition(":")[0] for line in said] == ["acr", "distribution"]
    assert "invalid_secret" in said[0]
    assert "chown" in said[1]
    assert not any("\n" in line or SECRET in line or "guess" in line for line in said)


def test_a_path_without_end_is_not_repeated(receiver: Receiver, client: Client) -> None:
    status, answer = client.tell("generic", *generic(receiver, image=f"registry.example.com/{'a' * 900_000}:1"))
    assert status == 400
    assert len(answer["error"]) < 100


def test_a_stranger_learns_nothing(receiver: Receiver, client: Client) -> None:
    """Whether a sender is there, and what was wrong with what it was told."""
    told = [client.ask("POST", f"/hooks/{path}", body=body) for path in ("acr/guess", "generic", "nobody/guess", "nobody") for body in (b"", b"[")]  # fmt: skip
    answers = {(one.status, one.data, tuple(sorted(name for name in one.headers if name != "date"))) for one in told}
    assert len(answers) == 1


def test_one_refusal_hides_no_other_push(receiver: Receiver, client: Client) -> None:
    path = f"distribution/{SECRET}?registry=registry.example.com"
    status, answer = client.tell(path, fixture("distribution/unknown_action_among_others"))
    assert (status, answer["jobs"]) == (202, ["dev"])
    assert "chown" in answer["rejected"][0]
    assert receiver.tally.counted == {("distribution", "accepted"): 1, ("distribution", "unknown_event"): 1}


@pytest.mark.parametrize("name", ["distribution/unknown_action", "distribution/push_by_tag"])
def test_a_registry_is_not_told_to_repeat_for_ever(receiver: Receiver, client: Client, name: str) -> None:
    """It repeats what is not answered with 2xx, and holds back all that comes after."""
    status, answer = client.tell(f"distribution/{SECRET}", fixture(name))
    assert (status, answer["jobs"]) == (202, [])
    assert answer["rejected"]


def test_a_ledger_that_is_away_is_said_so(receiver: Receiver, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    receiver.inbox.is_there = False
    try:
        answer = client.ask("POST", "/hooks/generic", body=(told := generic(receiver))[0], headers={"Content-Type": JSON, **told[1]})  # fmt: skip
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        unready = client.ask("GET", "/readyz")
        assert (unready.status, unready.json()) == (503, {"error": UNAVAILABLE})
        assert client.ask("GET", "/healthz").status == 200
    finally:
        receiver.inbox.is_there = True
    assert "the ledger is away" in caplog.text
    assert receiver.tally.counted == {("generic", "unavailable"): 1}
    assert client.tell("generic", *told) == (202, {"jobs": ["dev"]})
    assert client.ask("GET", "/readyz").json() == {"status": "ready"}


def test_it_is_not_ready_while_something_is_missing(receiver: Receiver, client: Client) -> None:
    receiver.unready = "no stack has been read yet"
    answer = client.ask("GET", "/readyz")
    receiver.unready = ""
    assert (answer.status, answer.json()) == (503, {"error": "no stack has been read yet"})


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/hooks/acr", 405), ("GET", "/nowhere", 404), ("PUT", "/healthz", 405)])  # fmt: skip
def test_what_is_not_there_is_one_line_too(client: Client, method: str, path: str, status: int) -> None:
    answer = client.ask(method, path)
    assert answer.status == status
    assert list(answer.json()) == ["error"]


def test_a_sender_that_asks_too_often_waits() -> None:
    receiver = Receiver()
    receiver.settings = replace(receiver.settings, senders={"acr": settings("acr", per_minute=2)})
    with receiver.serve() as client:
        told = [client.tell(f"acr/{SECRET}", fixture("acr/push"))[0] for _ in range(3)]
        receiver.clock.sleep(30)
        told.append(client.tell(f"acr/{SECRET}", fixture("acr/push"))[0])
    assert told == [404, 404, 429, 404]


@pytest.mark.parametrize("page", [None, PageSettings()], ids=["without a page", "with one"])
def test_a_peer_that_guesses_waits_and_others_do_not(page: PageSettings | None) -> None:
    receiver = Receiver()
    receiver.settings = replace(receiver.settings, page=page, trusted_proxies=_networks("127.0.0.0/8"))
    with receiver.serve() as client:
        guesses = [client.tell("acr/guess", b"{}", {"X-Forwarded-For": f"198.51.100.7, 127.0.0.{n}"})[0] for n in range(2, WRONG_SECRETS_PER_MINUTE + 3)]  # fmt: skip
        assert guesses == [401] * WRONG_SECRETS_PER_MINUTE + [429]
        assert client.tell(f"acr/{SECRET}", fixture("acr/push"), {"X-Forwarded-For": "198.51.100.8"})[0] == 404
        receiver.clock.sleep(1)
        assert client.tell("acr/guess", b"{}", {"X-Forwarded-For": "198.51.100.7"})[0] == 401
    assert receiver.tally.counted["", "throttled"] == 1
    assert receiver.tally.counted["acr", "invalid_secret"] == WRONG_SECRETS_PER_MINUTE + 1


@pytest.mark.parametrize("kind", ["path", "header", "signature"])
def test_a_right_secret_is_never_throttled_by_wrong_ones(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """One that guesses has the address of a proxy in common with the senders."""
    caplog.set_level("INFO", "fcpin.receiver.intake")
    receiver = Receiver()
    path, body, headers = {
        "path": (f"acr/{SECRET}", fixture("acr/push"), {}),
        "header": ("harbor", fixture("harbor/push_artifact"), BEARER),
        "signature": ("generic", *generic(receiver)),
    }[kind]
    with receiver.serve() as client:
        guesses = [client.tell("acr/guess", b"{}")[0] for _ in range(WRONG_SECRETS_PER_MINUTE + 5)]
        assert guesses == [401] * WRONG_SECRETS_PER_MINUTE + [429] * 5
        assert client.tell(path, body, headers)[0] in (202, 404)
        assert client.tell("acr/guess", b"{}")[0] == 429
    assert receiver.tally.counted["", "throttled"] == 6
    assert sum("invalid_secret" in record.getMessage() for record in caplog.records) == WRONG_SECRETS_PER_MINUTE, (
        "no log is filled"
    )


def test_an_event_that_is_ignored_is_accepted_and_counted(receiver: Receiver, client: Client) -> None:
    assert client.tell(f"harbor/{SECRET}", fixture("harbor/scanning_completed")) == (202, {"jobs": []})
    assert receiver.tally.counted == {("harbor", "ignored: SCANNING_COMPLETED"): 1}


ARRIVED = [
    "harbor/replication",
    "harbor/create_tag",
    "harbor/cached_by_a_proxy",
    "eventbridge/synchronization_completed",
]


@pytest.mark.parametrize("name", ARRIVED)
def test_an_image_that_arrived_without_a_push_is_a_job(name: str) -> None:
    kind = name.partition("/")[0]
    repository = (
        "harbor.example.com/shop/app" if kind == "harbor" else "demo-registry.cn-hangzhou.cr.aliyuncs.com/shop/app"
    )
    receiver = Receiver(pins={"dev": [pin(repository=repository)]})
    with receiver.serve() as client:
        assert client.tell(f"{kind}/{SECRET}", fixture(name)) == (202, {"jobs": ["dev"]})


def _networks(text: str) -> Any:
    from ipaddress import ip_network

    return (ip_network(text),)


def test_only_what_is_allow_listed(receiver: Receiver) -> None:
    receiver = Receiver()
    receiver.settings = replace(receiver.settings, repositories=("namespace/*",))
    with receiver.serve() as client:
        assert client.tell(f"acr/{SECRET}", fixture("acr/push"))[0] == 202
        status, answer = client.tell("generic", *generic(receiver))
    assert status == 404
    assert "shop/app" in answer["error"]


def test_all_wait_for_the_end_of_the_longest_burst() -> None:
    receiver = Receiver(pins={"dev": None, "prod": None})
    dev = StackSettings("dev", quiet=timedelta(seconds=5))
    receiver.settings = replace(receiver.settings, stacks={"dev": dev, "prod": StackSettings("prod", at_most=timedelta(seconds=9))})  # fmt: skip
    with receiver.serve() as client:
        assert client.tell("generic", *generic(receiver)) == (202, {"jobs": ["dev", "prod"]})
    assert receiver.inbox.bursts == [(timedelta(seconds=5), timedelta(seconds=9))]


def exchange(client: Client, *parts: bytes, pause: float = 0.0) -> bytes:
    """What a socket answers to these bytes, until it hangs up or answers nothing more."""
    with socket.create_connection(client.address, timeout=5) as connection:
        answer = b""
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            while chunk := connection.recv(65536):
                answer += chunk
        except ConnectionError:
            pass
        return answer


HEAD = b"POST /hooks/acr HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def test_a_head_that_never_ends_is_answered_and_hung_up(receiver: Receiver, client: Client) -> None:
    dribble = [HEAD, *[b"X-More: 1\r\n"] * 60]
    began = time.monotonic()
    answer = exchange(client, *dribble, pause=0.02)
    assert time.monotonic() - began < 3
    assert answer.startswith(b"HTTP/1.1 408 ") or answer == b""
    assert receiver.tally.counted == {("", "slow"): 1}


def test_a_second_head_on_a_connection_has_a_deadline_too(receiver: Receiver, client: Client) -> None:
    answer = exchange(client, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /healthz HTT", pause=0.05)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in answer


def test_the_deadline_of_a_second_head_begins_with_the_answer_before(receiver: Receiver, client: Client) -> None:
    """It is not begun anew by the first byte: that would be twice the time."""
    with socket.create_connection(client.address, timeout=5) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        began = time.monotonic()
        time.sleep(receiver.limits.header_seconds * 0.8)
        connection.sendall(b"GET /heal")
        answer = b""
        with suppress(ConnectionError):
            while chunk := connection.recv(65536):
                answer += chunk
    assert b"HTTP/1.1 408 " in answer
    assert time.monotonic() - began < receiver.limits.header_seconds * 1.6


def test_a_body_that_never_ends_is_answered_and_hung_up(receiver: Receiver, client: Client) -> None:
    answer = exchange(client, HEAD + b"Content-Length: 100\r\n\r\n", b"{")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer.lower()
    assert receiver.tally.counted == {("", "slow"): 1}


def test_a_body_that_nobody_asked_for_has_an_end(receiver: Receiver, client: Client) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
    assert exchange(client, head, b"{").startswith(b"HTTP/1.1 200 ")


def test_a_length_that_is_a_lie(receiver: Receiver, client: Client) -> None:
    announced = exchange(client, HEAD + b"Content-Length: 99999999999999999999999999\r\n\r\n")
    assert announced.startswith((b"HTTP/1.1 413 ", b"HTTP/1.1 400 "))
    chunks = [b"10000\r\n" + b" " * 0x10000 + b"\r\n"] * 20
    assert exchange(client, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *chunks)[:13] in (b"HTTP/1.1 413 ", b"")
    assert receiver.tally.counted["", "oversized"] >= 1


def test_who_reads_no_answer_is_hung_up(receiver: Receiver, client: Client) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(5)
        connection.connect(client.address)
        with suppress(ConnectionError):
            connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 4_000)
        assert is_hung_up(connection)
    assert receiver.tally.counted["", "slow"] == 1


def is_hung_up(connection: socket.socket, seconds: float = 5) -> bool:
    """Whether the other end ends it; nothing is read."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            connection.send(b"x")
        except ConnectionError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    "request_",
    [
        b"\r\n\r\nhello\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000,
        HEAD
        + b"Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["words", "no version", "a head without end", "a request in a body"],
)
def test_what_is_no_http_is_one_line(receiver: Receiver, client: Client, request_: bytes) -> None:
    head, _, body = exchange(client, request_).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert list(json.loads(body)) == ["error"]
    assert receiver.tally.counted == {("", "malformed"): 1}


def test_more_connections_than_there_may_be_are_turned_away(receiver: Receiver, client: Client) -> None:
    opened = [socket.create_connection(client.address, timeout=5) for _ in range(20)]
    try:
        assert exchange(client).startswith(b"HTTP/1.1 503 ")
    finally:
        for one in opened:
            one.close()
    assert receiver.tally.counted["", "crowded"] == 1
    time.sleep(0.05)
    assert client.ask("GET", "/healthz").status == 200
