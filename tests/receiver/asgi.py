"""Requests to an ASGI application in this process."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Message

PEER = "203.0.113.9"


@dataclass(frozen=True)
class Answer:
    """One HTTP response."""

    status: int
    headers: list[tuple[str, str]]
    text: str

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def cookies(self) -> list[str]:
        return [value for key, value in self.headers if key == "set-cookie"]

    @property
    def words(self) -> str:
        """The text of a page without its tags."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.text)).split())


def request(
    app: ASGIApp,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    peer: str = PEER,
    scheme: str = "http",
) -> Answer:
    return asyncio.run(respond(app, scope(method, path, headers or {}, peer, scheme), body))


def scope(method: str, path: str, headers: Mapping[str, str], peer: str = PEER, scheme: str = "http") -> dict[str, Any]:
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


async def respond(app: ASGIApp, request: dict[str, Any], body: bytes) -> Answer:
    sent: list[Message] = []
    waiting = [body]

    async def receive() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        await asyncio.sleep(3600)
        raise AssertionError("the application waits for a disconnect")

    async def send(message: Message) -> None:
        sent.append(message)

    await app(request, receive, send)
    start = next(message for message in sent if message["type"] == "http.response.start")
    text = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body").decode()
    headers = [(name.decode().lower(), value.decode("latin-1")) for name, value in start["headers"]]
    return Answer(start["status"], headers, text)
