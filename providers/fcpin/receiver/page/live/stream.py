"""One stream of server-sent events: what the listener missed, then what happens, until it leaves or a minute is over.

A browser opens the next one by itself and says how far it is. So each minute it is asked anew who it is, and no proxy
has to keep a connection for long.
"""

import asyncio
from typing import Final

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from fcpin.receiver.errors import Rejected
from fcpin.receiver.page.live.cursor import Cursor
from fcpin.receiver.page.live.feed import Feed, Listener

LASTS: Final = 60.0
_BEAT: Final = 15.0
"""Seconds; a proxy gives up a connection that says nothing for longer."""


class EventStream(Response):
    """The answer to `GET /events`."""

    media_type = "text/event-stream"

    def __init__(self, feed: Feed, cursor: Cursor, *, lasts: float = LASTS) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._feed, self._cursor, self._lasts = feed, cursor, lasts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with self._feed.listener() as listener:
                await self._run(listener, receive, send)
        except Rejected as rejection:
            await PlainTextResponse(f"{rejection}\n", rejection.status)(scope, receive, send)

    async def _run(self, listener: Listener, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        gone = asyncio.create_task(_gone(receive))
        telling = asyncio.create_task(self._tell(listener, send))
        try:
            done, _ = await asyncio.wait((gone, telling), timeout=self._lasts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (gone, telling):
                task.cancel()
            await asyncio.gather(gone, telling, return_exceptions=True)
        if gone not in done:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, listener: Listener, send: Send) -> None:
        beat = b"retry: 1000\n\n"
        while not listener.ended:
            events = list(self._cursor.missed(listener.moment)) if listener.moment else []
            if events:
                self._cursor = events[-1].after
            body = b"".join(event.wire() for event in events) or beat
            await send({"type": "http.response.body", "body": body, "more_body": True})
            await listener.wait(_BEAT)
            beat = b": still here\n\n"


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
