"""A client of the page with cookies, and what its buttons write to."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Final
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.types import ASGIApp

from fcpin.errors import FcpinError
from fcpin.policy.hold import Hold
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.page import LedgerActions, Page
from fcpin.receiver.settings.model import Mode, PageSettings, StackSettings
from fcpin.receiver.settings.secrets import Secret
from fcpin.receiver.web.limits import Network
from tests.receiver.asgi import PEER, Answer, request
from tests.receiver.samples import NOON
from tests.support.clock import ManualClock

TOKEN: Final = "a token of more than sixteen"
STACKS: Final = {"prod": StackSettings(mode=Mode.APPROVE), "staging": StackSettings()}
SETTINGS: Final = PageSettings(token=Secret("env:TOKEN", TOKEN), session_key=Secret("env:KEY", "k" * 32))


@dataclass
class PageClient:
    """Keeps and sends cookies, and follows no redirect."""

    app: ASGIApp
    peer: str = PEER
    scheme: str = "http"
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self._request("GET", path, headers or {}, b"")

    def post(self, path: str, fields: Mapping[str, str] | bytes, headers: Mapping[str, str] | None = None) -> Answer:
        body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
        form = {"content-type": "application/x-www-form-urlencoded"}
        return self._request("POST", path, {**form, **(headers or {})}, body)

    def press(self, button: str, **fields: str) -> Answer:
        """Send a form of the page, and return the page after the redirect."""
        answer = self.post(f"/actions/{button}", {"form_token": self.form_token()} | fields)
        return self.get(answer.header("location")) if answer.status == 303 else answer

    def form_token(self, headers: Mapping[str, str] | None = None) -> str:
        found = re.search(r'name="form_token" value="(\w+)"', self.get("/", headers).text)
        return found[1] if found else ""

    def log_in(self, user: str = "ann", token: str = TOKEN, target: str = "/", **headers: str) -> Answer:
        return self.post("/login", {"user": user, "token": token, "next": target}, headers)

    def _request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        sent = {"host": "receiver.example", **headers}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = request(self.app, method, path, sent, body, peer=self.peer, scheme=self.scheme)
        for text in answer.cookies:
            for name, morsel in SimpleCookie(text).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer


@dataclass
class HoldsFile:
    """`receiver.page.Holds`, in memory."""

    held: dict[tuple[str, str], Hold] = field(default_factory=dict)
    read_only: bool = False

    def hold(self, stack: str, pin: str, hold: Hold) -> None:
        self._write()
        self.held[stack, pin] = hold

    def resume(self, stack: str, pin: str) -> None:
        self._write()
        del self.held[stack, pin]

    def _write(self) -> None:
        if self.read_only:
            raise FcpinError("stacks/Pulumi.prod.yaml cannot be written: it is read-only; make it writable")


@dataclass
class PageHarness:
    """Pages over one ledger, with a clock that stands still; each is another process of the receiver."""

    ledger: Ledger
    holds: HoldsFile = field(default_factory=HoldsFile)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    woken: int = 0
    """How often the buttons woke the workers."""

    def page(self, settings: PageSettings = SETTINGS, proxies: Sequence[Network] = ()) -> Starlette:
        actions = LedgerActions(self.ledger, self.holds, self._wake, self.clock)
        page = Page(self.ledger, actions, settings, STACKS, self.clock, proxies=proxies, poll_seconds=0.02)
        return Starlette(routes=list(page.routes()))

    def _wake(self) -> None:
        self.woken += 1
