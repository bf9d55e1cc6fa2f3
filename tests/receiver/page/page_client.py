"""A client of the page with cookies, and what its buttons write to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from starlette.types import ASGIApp

from fcpin.errors import FcpinError
from fcpin.policy.hold import Hold
from tests.receiver.asgi import PEER, Answer, request
from tests.receiver.page.samples import TOKEN

_FORM = "application/x-www-form-urlencoded"


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
        return self._request("POST", path, {"content-type": _FORM} | dict(headers or {}), body)

    def press(self, button: str, **fields: str) -> Answer:
        """Send a form of the page, and return the page after the redirect."""
        answer = self.post(f"/actions/{button}", {"form_token": self.form_token()} | fields)
        return self.get(answer.header("location")) if answer.status == 303 else answer

    def form_token(self) -> str:
        found = re.search(r'name="form_token" value="(\w+)"', self.get("/").text)
        return found[1] if found else ""

    def log_in(self, user: str = "ann", token: str = TOKEN, target: str = "/") -> Answer:
        return self.post("/login", {"user": user, "token": token, "next": target})

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
class Wakes:
    """How often the workers were woken."""

    count: int = 0

    def __call__(self) -> None:
        self.count += 1
