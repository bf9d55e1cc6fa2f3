"""Who and what is around the page: somebody with cookies, and what the buttons write to."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.types import ASGIApp, Message

from fcpin.errors import FcpinError
from fcpin.policy.hold import Hold
from tests.receiver.page.samples import TOKEN

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    text: str

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def cookies(self) -> list[str]:
        return [value for key, value in self.headers if key == "set-cookie"]

    @property
    def words(self) -> str:
        """What is read: no tags, one space."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.text)).split())


@dataclass
class PageClient:
    """A browser's manners without a browser: cookies are kept and sent, nothing is followed."""

    app: ASGIApp
    peer: str = "203.0.113.9"
    scheme: str = "http"
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self._ask("GET", path, headers or {}, b"")

    def post(self, path: str, fields: Mapping[str, str] | bytes, headers: Mapping[str, str] | None = None) -> Answer:
        body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
        return self._ask("POST", path, {"content-type": _FORM} | dict(headers or {}), body)

    def press(self, button: str, **fields: str) -> Answer:
        """Send a form as the page has it, and look at the page that comes then."""
        answer = self.post(f"/actions/{button}", {"form_token": self.form_token()} | fields)
        return self.get(answer.header("location")) if answer.status == 303 else answer

    def form_token(self) -> str:
        found = re.search(r'name="form_token" value="(\w+)"', self.get("/").text)
        return found[1] if found else ""

    def log_in(self, user: str = "ann", token: str = TOKEN, target: str = "/") -> Answer:
        return self.post("/login", {"user": user, "token": token, "next": target})

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = asyncio.run(ask(self.app, self._scope(method, path, headers), body))
        for text in answer.cookies:
            for name, morsel in SimpleCookie(text).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    def _scope(self, method: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
        sent = {"host": "receiver.example", **headers}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return scope(method, path, sent, self.peer, self.scheme)


def scope(
    method: str, path: str, headers: Mapping[str, str], peer: str = "203.0.113.9", scheme: str = "http"
) -> dict[str, Any]:
    """An ASGI request."""
    from urllib.parse import unquote

    split = urlsplit(path)
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": unquote(split.path),
        "raw_path": split.path.encode(),
        "query_string": split.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": (peer, 40000),
        "server": ("receiver.example", 443 if scheme == "https" else 80),
    }


async def ask(app: ASGIApp, request: dict[str, Any], body: bytes) -> Answer:
    sent: list[Message] = []
    waiting = [body]

    async def receive() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        await asyncio.sleep(3600)
        raise AssertionError("nobody waits for so long")

    async def send(message: Message) -> None:
        sent.append(message)

    await app(request, receive, send)
    start = next(message for message in sent if message["type"] == "http.response.start")
    text = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body").decode()
    headers = [(name.decode().lower(), value.decode("latin-1")) for name, value in start["headers"]]
    return Answer(start["status"], headers, text)


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
