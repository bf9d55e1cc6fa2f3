"""A receiver that accepts events without workers, in this process or over a socket."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3
import uvicorn
from starlette.applications import Starlette

from fcpin.clock import Clock
from fcpin.errors import StackError
from fcpin.receiver.errors import LedgerUnavailable, Reason
from fcpin.receiver.intake import Intake
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.pin_index import PinIndex
from fcpin.receiver.push_event import PushEvent
from fcpin.receiver.senders import SENDERS
from fcpin.receiver.settings.model import ReceiverSettings, StackSettings
from fcpin.receiver.web.app import build_app
from fcpin.receiver.web.limits import Limits
from fcpin.receiver.web.server import server
from fcpin.stack.stack import StackPin
from tests.receiver import asgi
from tests.receiver.pins import pin
from tests.receiver.senders.requests import settings
from tests.support.clock import ManualClock

PINS: Final[Mapping[str, Sequence[StackPin] | None]] = {
    "dev": [pin(repository="registry.example.com/shop/app")],
    "prod": [pin(repository="registry.example.com/shop/app", policy={"policy": {"semver": {"range": "1.x"}}})],
}


class Inbox(Ledger):
    """A ledger in memory that can be made unavailable."""

    def __init__(self) -> None:
        self.events: list[tuple[PushEvent, Sequence[str]]] = []
        self.is_there = True
        self.bursts: list[tuple[timedelta, timedelta]] = []
        """Debounce and max wait of each event."""
        self._known: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def add_event(
        self, event: PushEvent, stacks: Sequence[str], now: datetime, *, debounce: timedelta, max_wait: timedelta
    ) -> bool:
        self.check_ready()
        with self._lock:
            if (event.sender, event.id) in self._known:
                return False
            self._known.add((event.sender, event.id))
            self.events.append((event, tuple(stacks)))
            self.bursts.append((debounce, max_wait))
        return True

    def check_ready(self) -> None:
        if not self.is_there:
            raise LedgerUnavailable("the ledger is away")


@dataclass
class Counts:
    """By sender and reason; `accepted` and `ignored: EVENT` are the others."""

    counted: Counter[tuple[str, str]] = field(default_factory=Counter)

    def accepted(self, sender: str) -> None:
        self.counted[sender, "accepted"] += 1

    def ignored(self, sender: str, event: str) -> None:
        self.counted[sender, f"ignored: {event}"] += 1

    def rejected(self, sender: str, reason: Reason) -> None:
        self.counted[sender, reason.label] += 1


@dataclass
class Receiver:
    """Its clock stands still unless another is given."""

    settings: ReceiverSettings = field(
        default_factory=lambda: ReceiverSettings(
            stacks={name: StackSettings() for name in PINS}, senders={kind: settings(kind) for kind in SENDERS}
        )
    )
    pins: Mapping[str, Sequence[StackPin] | None] = field(default_factory=lambda: PINS)
    limits: Limits = field(default_factory=Limits)
    inbox: Inbox = field(default_factory=Inbox)
    counts: Counts = field(default_factory=Counts)
    clock: Clock = field(default_factory=ManualClock)
    woken: int = 0
    unready: str = ""
    _app: Starlette | None = None

    @property
    def counted(self) -> Mapping[tuple[str, str], int]:
        return self.counts.counted

    def app(self) -> Starlette:
        """With the settings at the time of the first request."""
        if self._app is None:
            index = PinIndex(list(self.pins), self._read, self.settings.instances)
            for stack, pins in self.pins.items():
                if pins is not None:
                    index.learn(stack, pins)
            intake = Intake.of(self.settings, self.inbox, index, self._wake, self.counts, self.clock)
            self._app = build_app(intake, self.clock, limits=self.limits, unready=lambda: self.unready)
        return self._app

    def _wake(self) -> None:
        self.woken += 1

    def _read(self, stack: str) -> Sequence[StackPin]:
        raise StackError(f"{stack} is not read by a request")

    def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> asgi.Answer:
        return asgi.request(self.app(), method, path, headers, body, peer="127.0.0.1")

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
        """`POST /hooks/…`: status and JSON."""
        answer = self.request("POST", f"/hooks/{path}", {"Content-Type": "application/json", **(headers or {})}, body)
        return answer.status, answer.json()

    @contextmanager
    def serve(self) -> Iterator["Client"]:
        """Over a socket, in a thread."""
        with running(server(self.app(), self.limits, self.counts.rejected)) as url:
            yield Client(url)


@contextmanager
def running(one: uvicorn.Server) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=one.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        one.should_exit = True
        thread.join()
        listener.close()


@dataclass(frozen=True)
class Client:
    """A client of a receiver over a socket."""

    url: str

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 0

    def request(self, method: str, path: str, **more: Any) -> urllib3.BaseHTTPResponse:
        return urllib3.request(method, f"{self.url}{path}", retries=False, timeout=10, **more)

    def post(
        self, path: str, body: bytes | Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """`POST /hooks/…`: status and JSON."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        all_headers = {"Content-Type": "application/json", **(headers or {})}
        answer = self.request("POST", f"/hooks/{path}", body=sent, headers=all_headers)
        return answer.status, answer.json()
