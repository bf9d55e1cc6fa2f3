"""A proxy on loopback that answers chosen calls with a fault instead of the answer of the server behind it.

with FaultyProxy(cloud.address) as proxy:
    proxy.fail("GetFunction", RESET)
    …                                   # clients use proxy.url
    proxy.heal()
"""

import gzip
import http.client
import re
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Final, Self

_OCI_CALLS: Final = (
    (re.compile(r"/auth"), "token"),
    (re.compile(r"/v2/?"), "ping"),
    (re.compile(r"/v2/.+/tags/list"), "tags/list"),
    (re.compile(r"/v2/.+/manifests/[^/]+"), "manifest"),
    (re.compile(r"/v2/.+/blobs/[^/]+"), "blob"),
    (re.compile(r"/_storage/.+"), "storage"),
)
_HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})
_CREDENTIALS: Final = frozenset({"authorization", "x-acs-security-token", "x-acs-accesskey-id"})
_JSON: Final = {"Content-Type": "application/json"}
_MIB: Final = 1024 * 1024
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER for no time: the peer receives RST."""


@dataclass(frozen=True)
class Reply:
    """One HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Call:
    """One request that arrived, and what the upstream server would answer to it."""

    action: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    forward: Callable[[], Reply] = field(repr=False)
    remembered: Callable[[], Reply] = field(repr=False)
    """The last answer to the same request before the fault was set, or the current one."""


Behaviour = Callable[["Connection", Call], None]


@dataclass(frozen=True)
class Fault:
    """What happens to a call. *times*: how often, None for every call until `heal`."""

    name: str
    behave: Behaviour = field(repr=False)
    times: int | None = None

    def __str__(self) -> str:
        return self.name


def action_of(method: str, target: str, headers: Mapping[str, str]) -> str:
    """The API operation (`GetFunction`), or method and kind of an OCI call (`HEAD manifest`)."""
    if action := headers.get("x-acs-action"):
        return action
    path = target.partition("?")[0]
    kind = next((name for pattern, name in _OCI_CALLS if pattern.fullmatch(path)), path)
    return f"{method} {kind}"


class FaultyProxy:
    """Forwards every request to *upstream* (`host:port`), but for those that are to fail. Bounded: it serves one test."""

    def __init__(self, upstream: str) -> None:
        self.actions: list[str] = []
        """Of every call that arrived, in order."""
        self.signed: set[str] = set()
        """Of the calls that arrived with a login, a signature or a session's token."""
        self.stop = threading.Event()
        self._upstream = upstream
        self._faults: dict[str, tuple[Fault, int]] = {}
        self._latest: dict[tuple[str, str, bytes], Reply] = {}
        self._before: dict[tuple[str, str, bytes], Reply] = {}
        self._lock = threading.Lock()
        self._listener = _listen(0)
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"http://{self.host}"

    def __enter__(self) -> Self:
        self._accept()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop.set()
        self._close()

    def fail(self, action: str, fault: Fault) -> None:
        """Answer calls of *action* by *fault* until `heal`."""
        with self._lock:
            self._faults[action] = fault, 0
            self._before = dict(self._latest)

    def heal(self) -> None:
        """No more faults; a closed port is opened again."""
        self.stop.set()  # ends answers that are still being dribbled
        with self._lock:
            self._faults.clear()
        self.stop = threading.Event()
        if self._listener.fileno() == -1:
            self._listener = _listen(int(self.host.partition(":")[2]))
            self._accept()

    def hits(self, action: str) -> int:
        """How many calls of *action* arrived."""
        return self.actions.count(action)

    def close_port(self) -> None:
        """Refuse new connections until `heal`."""
        self._close()

    def fault_for(self, call: Call) -> Fault | None:
        """The fault that the call just arrived meets; counts it."""
        action = call.action
        with self._lock:
            self.actions.append(action)
            if _CREDENTIALS & {name.lower() for name in call.headers}:
                self.signed.add(action)
            fault, used = self._faults.get(action, (None, 0))
            if fault is None or (fault.times is not None and used >= fault.times):
                return None
            self._faults[action] = fault, used + 1
            return fault

    def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Call:
        """The request as a call; nothing is forwarded yet."""
        action = action_of(method, target, {name.lower(): value for name, value in headers.items()})
        key = action, target, body

        def forward() -> Reply:
            reply = self._forward(method, target, headers, body)
            with self._lock:
                self._latest[key] = reply
            return reply

        def remembered() -> Reply:
            with self._lock:
                reply = self._before.get(key)
            return reply or forward()

        return Call(action, method, target, headers, body, forward, remembered)

    def _forward(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        connection = http.client.HTTPConnection(self._upstream, timeout=10)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                if name.lower() not in {"connection", "keep-alive"}:
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
            return Reply(answer.status, kept, answer.read())
        finally:
            connection.close()

    def _accept(self) -> None:
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the port was closed
            while True:
                connection, address = listener.accept()
                threading.Thread(target=Connection, args=(connection, address, self), daemon=True).start()

    def _close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class Connection(BaseHTTPRequestHandler):
    """One connection of a client. Faults use its verbs: `send`, `dribble`, `hang`, `reset`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, connection: socket.socket, address: Any, proxy: FaultyProxy) -> None:
        self.proxy = proxy
        with suppress(OSError):
            super().__init__(connection, address, proxy)  # type: ignore[arg-type]  # kept as `server`, and not used
        with suppress(OSError):
            connection.close()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = self.proxy.call(self.command, self.path, dict(self.headers.items()), body)
        fault = self.proxy.fault_for(call)
        if fault is None:
            self.send(call.forward())
        else:
            fault.behave(self, call)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names that http.server calls

    def send(self, reply: Reply) -> None:
        """Send *reply* whole. A Content-Length among its headers is sent as it is."""
        self._head(reply)
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def dribble(self, reply: Reply, pause: float) -> None:
        """Send the head, then a byte every *pause* seconds."""
        self._head(reply)
        for byte in reply.body if self.command != "HEAD" else b"":
            if self.proxy.stop.wait(pause):
                break
            self.wfile.write(bytes([byte]))
        self.close_connection = True

    def hang(self) -> None:
        """Send nothing until the test is over, ten seconds at most."""
        self.proxy.stop.wait(10)
        self.close_connection = True

    def reset(self) -> None:
        """Break the connection off with RST."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.connection.close()

    def _head(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        """Silent: the calls are in `actions`."""


def _listen(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port), backlog=64)


def answering(name: str, status: int, body: bytes, headers: Mapping[str, str] = _JSON) -> Fault:
    """A fault that is an answer, the same to every call."""
    return Fault(name, lambda connection, _: connection.send(Reply(status, headers, body)))


def redirecting(name: str, url: str, status: int = 302) -> Fault:
    """A redirect of the call's own target to another server."""
    return Fault(
        name, lambda connection, call: connection.send(Reply(status, {"Location": f"{url}{call.target}"}, b""))
    )


def _refuse(connection: Connection, _: Call) -> None:
    connection.proxy.close_port()
    connection.reset()


def _truncate(connection: Connection, call: Call) -> None:
    whole = call.forward()
    connection.send(Reply(whole.status, {**whole.headers, **_JSON}, whole.body[: len(whole.body) // 2]))


def _cut(connection: Connection, call: Call) -> None:
    whole = call.forward()
    headers = {**whole.headers, "Content-Length": str(len(whole.body) + 1)}
    connection.send(Reply(whole.status, headers, whole.body[: len(whole.body) // 2]))
    connection.reset()


def _lose(connection: Connection, call: Call) -> None:
    call.forward()
    connection.reset()


REFUSED: Final = Fault("refused", _refuse)
RESET: Final = Fault("reset", lambda connection, _: connection.reset())
READ_TIMEOUT: Final = Fault("read timeout", lambda connection, _: connection.hang())
DRIBBLE: Final = Fault("1 byte a second", lambda connection, call: connection.dribble(call.forward(), 1.0))
TRUNCATED: Final = Fault("truncated JSON", _truncate)
CUT_OFF: Final = Fault("body cut off", _cut)
LOST_ANSWER: Final = Fault("lost answer", _lose, times=1)
STALE: Final = Fault("stale read", lambda connection, call: connection.send(call.remembered()), times=2)
HTML_502: Final = answering(
    "HTML 502", 502, b"<html><body>502 Bad Gateway</body></html>", {"Content-Type": "text/html"}
)
HTML_200: Final = answering("HTML 200", 200, b"<html><body>please log in</body></html>", {"Content-Type": "text/html"})
ERROR_500: Final = answering("500", 500, b'{"Code": "InternalServerError", "Message": "internal error"}')
TOO_MANY: Final = answering("429", 429, b'{"Code": "Throttling", "Message": "flow control"}')
TOO_MANY_AND_WHEN: Final = answering(
    "429 with Retry-After", 429, b'{"Code": "Throttling", "Message": "flow control"}', {**_JSON, "Retry-After": "0"}
)
UNAUTHORIZED: Final = answering("401", 401, b'{"Code": "InvalidSecurityToken.Expired", "Message": "token expired"}')
CLOCK_SKEW: Final = answering(
    "clock skew", 400, b'{"Code": "InvalidTimeStamp.Expired", "Message": "the request time is too far off"}'
)
OTHER_SHAPE: Final = answering("JSON of another shape", 200, b'[{"name": ["x", {"tags": 1}]}]')
WRONG_TYPES: Final = answering(
    "JSON with wrong types",
    200,
    b'{"functionName": 5, "functions": {}, "tags": "x", "Images": 3, "TotalCount": [], "IsSuccess": true, '
    b'"customContainerConfig": "x", "token": 7, "data": [], "versions": null, "Instances": "x"}',
)
EMPTY_OBJECT: Final = answering("empty object", 200, b"{}")
NULL: Final = answering("null", 200, b"null")
NO_SUCCESS: Final = answering(
    "IsSuccess=false", 200, b'{"IsSuccess": false, "Code": "INTERNAL_ERROR", "RequestId": "1"}'
)
BIG_BODY: Final = answering("10 MB body", 200, b'{"padding": "' + b"a" * (10 * _MIB) + b'"}')
GZIP_BOMB: Final = answering(
    "gzip bomb", 200, gzip.compress(b" " * (128 * _MIB), 9), {**_JSON, "Content-Encoding": "gzip"}
)

FAULTS: Final = (
    REFUSED, RESET, READ_TIMEOUT, DRIBBLE, TOO_MANY, TOO_MANY_AND_WHEN, ERROR_500, HTML_502, HTML_200, TRUNCATED,
    CUT_OFF, OTHER_SHAPE, WRONG_TYPES, EMPTY_OBJECT, NULL, NO_SUCCESS, UNAUTHORIZED, CLOCK_SKEW, STALE, LOST_ANSWER,
    BIG_BODY, GZIP_BOMB,
)  # fmt: skip
