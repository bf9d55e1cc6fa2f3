"""Serve HTTP to strangers: uvicorn, with an end to whoever holds a connection for nothing.

uvicorn has a deadline for what comes between two requests only: none for a request whose head never ends, and none for
an answer that nobody reads.
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

from fcpin.receiver.web.hooks import error
from fcpin.receiver.web.limits import Limits

_HTTP_LOG: Final = logging.getLogger("fcpin.receiver.http")
_SHUTDOWN_SECONDS: Final = 3
_HEADERS: Final = ("Content-Type: application/json", "Connection: close")

Refuse: TypeAlias = Callable[[str, str], None]
"""Counts a refusal: sender, which is empty here, and label."""


def server(app: ASGIApp, limits: Limits, refuse: Refuse) -> uvicorn.Server:
    """One that serves *app*. It has no access log: paths and queries hold secrets."""
    return uvicorn.Server(
        uvicorn.Config(
            _Unambiguous(app, refuse),
            http=cast("type[asyncio.Protocol]", partial(Deadlined, limits, refuse)),
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


class _Unambiguous:
    """Refuses a request that tells its length twice.

    A proxy in front may believe the other length: what is a body to it is a request here, in the name of the proxy.
    """

    def __init__(self, app: ASGIApp, refuse: Refuse) -> None:
        self._app, self._refuse = app, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        names = {name for name, _ in scope.get("headers", ())}
        if {b"content-length", b"transfer-encoding"} <= names:
            self._refuse("", "malformed")
            answer = error(400, "Content-Length and Transfer-Encoding are both given", {"Connection": "close"})
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class Deadlined(H11Protocol):
    """One connection. The head of a request has a deadline, and so has whoever does not take the answer."""

    def __init__(self, limits: Limits, refuse: Refuse, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _HTTP_LOG
        self.timeout_keep_alive = cast("int", limits.header_seconds)  # call_later takes parts of seconds
        self._limits = limits
        self._refuse = refuse
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # asyncio does this only for sockets that name their protocol; without it an answer may wait 40 ms for an ACK.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            self._end(HTTPStatus.SERVICE_UNAVAILABLE, "crowded", "too many connections; try again later")
        else:
            self._watch()

    def data_received(self, data: bytes) -> None:
        if not self.transport.is_closing():
            super().data_received(data)
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._is_read()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self._watch()

    def pause_writing(self) -> None:
        """More waits to be sent than there should."""
        super().pause_writing()
        self._wait_for_reader()

    def resume_writing(self) -> None:
        """Most of it has been taken."""
        self._is_read()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._hang_up()

    def send_400_response(self, msg: str) -> None:
        self._end(HTTPStatus.BAD_REQUEST, "malformed", msg.rstrip("."))

    def _watch(self) -> None:
        """A head that has not ended has a deadline, and so has a body that nobody waits for any more."""
        ours, theirs = self.conn.our_state, self.conn.their_state
        if theirs is h11.IDLE or (ours is h11.DONE and theirs is h11.SEND_BODY):
            if self._deadline is None:
                self._deadline = self.loop.call_later(self._limits.header_seconds, self._too_slow)
        else:
            self._disarm()

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _wait_for_reader(self) -> None:
        if self._unread is None:
            self._unread = self.loop.call_later(self._limits.unread_seconds, self._not_read)

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _not_read(self) -> None:
        self._refuse("", "slow")
        self.transport.abort()

    def _hang_up(self) -> None:
        """Once all is sent, which has a deadline too."""
        self.transport.close()
        self._wait_for_reader()

    def _too_slow(self) -> None:
        if self.conn.our_state is h11.IDLE and not self.conn.trailing_data[0]:
            self._hang_up()  # it was opened, and never used
        else:
            seconds = self._limits.header_seconds
            self._end(HTTPStatus.REQUEST_TIMEOUT, "slow", f"the request did not arrive within {seconds:g} s")

    def _end(self, status: HTTPStatus, label: str, sentence: str) -> None:
        """Answer, where no answer has begun, and hang up."""
        self._disarm()
        self._unset_keepalive_if_required()
        if self.transport.is_closing():
            return
        self._refuse("", label)
        if self.conn.our_state is h11.IDLE:
            body = json.dumps({"error": sentence}).encode()
            head = (f"HTTP/1.1 {status.value} {status.phrase}", *_HEADERS, f"Content-Length: {len(body)}", "", "")
            self.transport.write("\r\n".join(head).encode() + body)
        self._hang_up()
