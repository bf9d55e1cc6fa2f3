"""A server that answers exactly what a test wrote down, and fails the test for any other request.

with ScriptedServer() as server:
    server.expect("GET", "/v2/shop/app/tags/list").answer(json={"tags": ["a"]})
"""

import json as json_module
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from types import TracebackType
from typing import Any, Self

NO_ANSWER = -1
"""As a status: close the connection instead of answering."""


@dataclass(frozen=True)
class Request:
    """What arrived. Header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float = 0.0
    """Seconds before each byte of the body; of the head too with `drip_head`."""
    drip_head: bool = False


@dataclass
class Expectation:
    """One request that must come, and its answer."""

    method: str
    path: str
    reply: Reply = Reply()

    def answer(
        self,
        status: int = 200,
        *,
        json: Any = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """*json* is sent as JSON, unless the headers name another type."""
        content = body if json is None else json_module.dumps(json).encode()
        kind = {} if json is None else {"Content-Type": "application/json"}
        self.reply = Reply(status, content, {**kind, **(headers or {})})


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Silent: a client that hangs up, or trusts no certificate, is what some tests are about."""


class ScriptedServer:
    """Answers requests in the order they are expected in; see `always` for those whose number does not matter."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self._script = deque[Expectation]()
        self._standing: dict[tuple[str, str], Callable[[Request], Reply]] = {}
        self._otherwise: Callable[[Request], Reply] | None = None
        self._closed = threading.Event()
        self._unexpected: list[str] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._scheme = "https" if tls else "http"
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(0.01), daemon=True)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"{self._scheme}://{self.host}"

    def expect(self, method: str, path: str) -> Expectation:
        """The next request must be this one; *path* is without the query."""
        expectation = Expectation(method, path)
        self._script.append(expectation)
        return expectation

    def always(self, method: str, path: str, reply: Callable[[Request], Reply]) -> None:
        """Answer every such request, whenever it comes."""
        self._standing[method, path] = reply

    def otherwise(self, reply: Callable[[Request], Reply]) -> None:
        """Answer every request that nothing else is written down for."""
        self._otherwise = reply

    def seen(self, name: str) -> list[str | None]:
        """The values of one header in the requests so far, in order."""
        return [request.headers.get(name.lower()) for request in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
        if error is None:
            missing = [f"{one.method} {one.path}" for one in self._script]
            assert not self._unexpected, f"unexpected requests: {self._unexpected}"
            assert not missing, f"requests that did not come: {missing}"

    def _reply(self, request: Request) -> Reply:
        key = request.method, request.target.partition("?")[0]
        with self._lock:
            self.requests.append(request)
            if standing := self._standing.get(key):
                return standing(request)
            if self._script and (self._script[0].method, self._script[0].path) == key:
                return self._script.popleft().reply
            if self._otherwise:
                return self._otherwise(request)
            self._unexpected.append(f"{request.method} {request.target}")
            return Reply(418)

    def _drip(self, stream: BufferedIOBase, content: bytes, pause: float) -> None:
        """Send *content*, with a *pause* byte by byte, until the client hangs up or the test is over."""
        if not pause:
            stream.write(content)
            return
        for byte in content:
            if self._closed.wait(pause):
                return
            stream.write(bytes([byte]))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = server._reply(Request(self.command, self.path, headers, body))
                if reply.status == NO_ANSWER:
                    self.close_connection = True
                    return
                if reply.drip_head:
                    self.close_connection = True
                    server._drip(self.wfile, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000, reply.drip)
                    return
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    server._drip(self.wfile, reply.body, reply.drip)
                self.close_connection |= reply.headers.get("Connection") == "close"

            do_GET = do_HEAD = do_CONNECT = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names that http.server calls

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
                """Silent: the requests are in `requests`."""

        return Handler
