"""Serve HTTP to untrusted clients: uvicorn, with the deadlines that it does not have (docs/adr/0027).

uvicorn has a deadline between two requests only: none for a request whose head never ends, and none for a response
that the client does not read.
"""

import asyncio
import json
import logging
import socket
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeAlias, cast

import h11
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from fcpin.receiver.errors import Reason
from fcpin.receiver.web.app import error
from fcpin.receiver.web.limits import Limits

_HTTP_LOG: Final = logging.getLogger("fcpin.receiver.http")
_SHUTDOWN_SECONDS: Final = 3
_HEADERS: Final = ("Content-Type: application/json", "Connection: close")

CountRejected: TypeAlias = Callable[[str, Reason], None]
"""Takes the sender, which is empty here, and the reason."""


def server(app: ASGIApp, limits: Limits, count: CountRejected) -> uvicorn.Server:
    """There is no access log: paths and queries hold secrets."""
    return uvicorn.Server(
        uvicorn.Config(
            _OneLength(app, count),
            http=cast("type[asyncio.Protocol]", partial(_Protocol, limits, count)),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=limits.header_bytes,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
    )


class _OneLength:
    """Rejects a request with two lengths.

    A proxy may use the other one: a part of a body for the proxy is a request here, in the name of the proxy.
    """

    def __init__(self, app: ASGIApp, count: CountRejected) -> None:
        self._app, self._count = app, count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        names = {name for name, _ in scope.get("headers", ())}
        if {b"content-length", b"transfer-encoding"} <= names:
            self._count("", Reason.MALFORMED)
            response = error(400, "the request has both Content-Length and Transfer-Encoding", {"Connection": "close"})
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class _Protocol(H11Protocol):
    """One connection, with a deadline for the head of a request and for a client that does not read."""

    def __init__(self, limits: Limits, count: CountRejected, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _HTTP_LOG
        self.timeout_keep_alive = cast("int", limits.header_seconds)  # call_later takes fractions
        self._limits, self._count = limits, count
        self._head_timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # asyncio sets this only for sockets with a protocol number; without it a response may wait 40 ms for an ACK.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            self._reject(HTTPStatus.SERVICE_UNAVAILABLE, Reason.CROWDED, "too many connections; retry later")
        else:
            self._set_head_timer()

    def data_received(self, data: bytes) -> None:
        if not self.transport.is_closing():
            super().data_received(data)
            self._set_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_head_timer()
        self._cancel_unread_timer()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self._set_head_timer()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._set_unread_timer()

    def resume_writing(self) -> None:
        self._cancel_unread_timer()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._close()

    def send_400_response(self, msg: str) -> None:
        self._reject(HTTPStatus.BAD_REQUEST, Reason.MALFORMED, msg.rstrip("."))

    def _set_head_timer(self) -> None:
        """For a head that has not ended, and for a body that no handler reads any more."""
        ours, theirs = self.conn.our_state, self.conn.their_state
        if theirs is h11.IDLE or (ours is h11.DONE and theirs is h11.SEND_BODY):
            if self._head_timer is None:
                self._head_timer = self.loop.call_later(self._limits.header_seconds, self._head_timed_out)
        else:
            self._cancel_head_timer()

    def _cancel_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _set_unread_timer(self) -> None:
        if self._unread_timer is None:
            self._unread_timer = self.loop.call_later(self._limits.unread_seconds, self._unread_timed_out)

    def _cancel_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _unread_timed_out(self) -> None:
        self._count("", Reason.SLOW)
        self.transport.abort()

    def _head_timed_out(self) -> None:
        if self.conn.our_state is h11.IDLE and not self.conn.trailing_data[0]:
            self._close()  # it was opened and never used
        else:
            seconds = self._limits.header_seconds
            message = f"the request did not arrive within {seconds:g} s"
            self._reject(HTTPStatus.REQUEST_TIMEOUT, Reason.SLOW, message)

    def _reject(self, status: HTTPStatus, reason: Reason, message: str) -> None:
        """Respond, unless a response has begun, and close."""
        self._cancel_head_timer()
        self._unset_keepalive_if_required()
        if self.transport.is_closing():
            return
        self._count("", reason)
        if self.conn.our_state is h11.IDLE:
            body = json.dumps({"error": message}).encode()
            head = (f"HTTP/1.1 {status.value} {status.phrase}", *_HEADERS, f"Content-Length: {len(body)}", "", "")
            self.transport.write("\r\n".join(head).encode() + body)
        self._close()

    def _close(self) -> None:
        """Once everything is sent, within the deadline for a client that does not read."""
        self.transport.close()
        self._set_unread_timer()
