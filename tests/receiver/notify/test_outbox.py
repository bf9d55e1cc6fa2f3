"""Delivery of messages: to a real server by apprise, retried, dropped, without delaying others."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from fcpin.clock import SystemClock
from fcpin.errors import InvalidSettings
from fcpin.receiver.notify.messages import Message, Tone
from fcpin.receiver.notify.outbox import Outbox, open_outbox
from fcpin.receiver.settings.secrets import Secret
from tests.support.clock import ManualClock

HELLO = Message("fcpin: deployed: api: main-11 => main-12", "from sha256:a\nto sha256:b", Tone.SUCCESS)


@dataclass
class Counts:
    """Counts, as the metrics do."""

    counted: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __call__(self, service: str, outcome: str) -> None:
        self.counted[service, outcome] += 1


@dataclass
class Inbox:
    """A webhook that answers with *status*."""

    status: int = 200
    got: list[Any] = field(default_factory=list)
    address: str = ""

    @contextmanager
    def serve(self) -> Iterator[None]:
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                inbox.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(inbox.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.address = f"127.0.0.1:{server.server_port}"
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            yield
            server.shutdown()
            thread.join()


def test_a_message_arrives_by_apprise() -> None:
    counts, inbox = Counts(), Inbox()
    with inbox.serve():
        outbox = open_outbox([Secret("env:HOOK", f"json://{inbox.address}/hook")], counts, SystemClock())
        outbox.put(HELLO)
        outbox.close(5)
    (got,) = inbox.got
    assert (got["title"], got["message"], got["type"]) == (HELLO.title, HELLO.body, "success")
    assert counts.counted == {("JSON", "sent"): 1}


def test_a_rejected_message_is_sent_four_times_and_counted() -> None:
    counts, inbox, clock = Counts(), Inbox(status=500), ManualClock()
    with inbox.serve():
        outbox = open_outbox([Secret("env:HOOK", f"json://{inbox.address}/hook")], counts, clock)
        outbox.put(HELLO)
        while not counts.counted:
            threading.Event().wait(0.005)
        outbox.close(5)
    assert (len(inbox.got), clock.slept) == (4, [1.0, 5.0, 25.0])
    assert counts.counted == {("JSON", "failed"): 1}


@dataclass
class Stuck:
    """A service that accepts nothing until it is released."""

    name: str = "Stuck"
    free: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)

    def send(self, message: Message) -> bool:
        self.begun.set()
        return self.free.wait(10)


@dataclass
class Quick:
    """A service that accepts everything."""

    name: str = "Quick"
    got: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> bool:
        self.got.append(message)
        return True


def test_a_stuck_service_delays_no_other_and_its_queue_is_bounded() -> None:
    counts, stuck, quick = Counts(), Stuck(), Quick()
    outbox = Outbox([stuck, quick], counts, ManualClock())
    outbox.put(HELLO)
    stuck.begun.wait(5)
    while len(quick.got) < 1:
        threading.Event().wait(0.005)
    for _ in range(105):
        outbox.put(HELLO)
    assert counts.counted["Stuck", "dropped"] == 5
    stuck.free.set()
    outbox.close(5)
    assert counts.counted["Stuck", "sent"] == 101
    assert counts.counted["Quick", "sent"] + counts.counted["Quick", "dropped"] == 106


SERVICES = [
    ("dingtalk://" + "a1b2c3d4" * 8, "DingTalk"),
    ("feishu://0123456789abcdef", "Feishu"),
    ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#deploys", "Slack"),
]


@pytest.mark.parametrize(("address", "service"), SERVICES, ids=[row[1] for row in SERVICES])
def test_urls_of_services(address: str, service: str) -> None:
    from fcpin.receiver.notify.outbox import apprise_services

    (found,) = apprise_services([Secret("env:HOOK", address)])
    assert found.name == service


def test_an_invalid_url_is_named_by_its_source() -> None:
    with pytest.raises(InvalidSettings, match=r"notify\[1\].*env:TWO") as caught:
        open_outbox(
            [Secret("env:ONE", "json://127.0.0.1"), Secret("env:TWO", "nothing://secret")], Counts(), ManualClock()
        )
    assert "secret" not in str(caught.value)
