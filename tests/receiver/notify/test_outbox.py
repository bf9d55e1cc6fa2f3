"""Delivery of messages: to a real server by apprise, retried, dropped, without delaying others."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from fcpin.errors import InvalidSettings
from fcpin.receiver.notify.messages import Message, Tone
from fcpin.receiver.notify.outbox import Outbox, apprise_services, open_outbox
from fcpin.receiver.settings.secrets import Secret
from tests.support.clock import ManualClock

HELLO = Message("fcpin: deployed: api: main-11 => main-12", "from sha256:a\nto sha256:b", Tone.SUCCESS)


@dataclass
class Counts:
    """Counts, as the metrics do."""

    counted: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __call__(self, service: str, outcome: str) -> None:
        self.counted[service, outcome] += 1


@contextmanager
def webhook(status: int, got: list[Any]) -> Iterator[Secret]:
    """The secret URL of a server that answers with *status*."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Secret("env:HOOK", f"json://127.0.0.1:{server.server_port}/hook")
        server.shutdown()
        thread.join()


def until(condition: Callable[[], object]) -> None:
    while not condition():
        threading.Event().wait(0.005)


@pytest.mark.parametrize(("status", "outcome", "slept"), [(200, "sent", []), (500, "failed", [1.0, 5.0, 25.0])])
def test_delivery_by_apprise(status: int, outcome: str, slept: list[float]) -> None:
    got: list[Any] = []
    counts, clock = Counts(), ManualClock()
    with webhook(status, got) as url:
        outbox = open_outbox([url], counts, clock)
        outbox.put(HELLO)
        until(lambda: counts.counted)
        outbox.close(5)
    assert {(one["title"], one["message"], one["type"]) for one in got} == {(HELLO.title, HELLO.body, "success")}
    assert (len(got), clock.slept) == (1 + len(slept), slept)
    assert counts.counted == {("JSON", outcome): 1}


@dataclass
class InMemory:
    """A service that accepts messages while it is *free*."""

    name: str
    free: threading.Event = field(default_factory=threading.Event)
    got: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> bool:
        self.got.append(message)
        return self.free.wait(10)


def test_a_stuck_service_delays_no_other_and_its_queue_is_bounded() -> None:
    counts, stuck, quick = Counts(), InMemory("Stuck"), InMemory("Quick")
    quick.free.set()
    outbox = Outbox([stuck, quick], counts, ManualClock())
    outbox.put(HELLO)
    until(lambda: stuck.got and quick.got)
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


def test_urls_of_services() -> None:
    found = apprise_services([Secret("env:HOOK", url) for url, _ in SERVICES])
    assert [one.name for one in found] == [name for _, name in SERVICES]
    with pytest.raises(InvalidSettings, match=r"notify\[1\].*env:TWO") as error:
        apprise_services([Secret("env:ONE", "json://127.0.0.1"), Secret("env:TWO", "nothing://secret")])
    assert "secret" not in str(error.value)
