"""Live updates of the page by server-sent events: a cursor, one feed for all listeners, and their streams."""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self, TypeAlias
from urllib.parse import quote, unquote

from starlette.responses import Response, StreamingResponse

from fcpin.receiver.errors import LedgerUnavailable, Reason, Rejected
from fcpin.receiver.page.formatting import plain
from fcpin.receiver.page.view import Overview

_log: Final = logging.getLogger(__name__)
STREAM_SECONDS: Final = 60.0
"""Then the browser opens the next stream, and is authenticated again; no proxy has to keep a connection for long."""
_BEAT_SECONDS: Final = 15.0
"""Proxies close a connection without data after longer."""
MAX_STREAMS: Final = 100
_MAX_CURSOR: Final = 4096
"""Characters."""

Lines: TypeAlias = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the page shows at one moment."""

    mark: str
    """Changes when the page looks different, but not for each line of progress."""
    progress: Mapping[str, Lines] = field(default_factory=dict)
    """Numbered lines of the running jobs, by job."""

    @classmethod
    def of(cls, overview: Overview) -> Self:
        """A renewed lease does not change the mark."""
        jobs, done = ([replace(job, lease=None, worker="") for job in some] for some in (overview.jobs, overview.done))
        shown = replace(overview, jobs=jobs, done=done, progress={})
        return cls(hashlib.sha256(repr(shown).encode()).hexdigest()[:16], overview.progress)


UNAVAILABLE: Final = Snapshot("unavailable")
"""The ledger cannot be read; the page reports it when it reloads."""


@dataclass(frozen=True, slots=True)
class Event:
    """One message to a browser."""

    kind: str
    """`changed` or `progress`."""
    data: Mapping[str, Any]
    cursor: "Cursor"
    """The position of the listener after it."""

    def encode(self) -> bytes:
        data = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))
        return f"id: {self.cursor}\nevent: {self.kind}\ndata: {data}\n\n".encode()


@dataclass(frozen=True, slots=True)
class Cursor:
    """The position of a listener: the mark of its page, and of each job the number of its last line.

    `str()` is the id of an event. It is the same on all machines, so a stream resumes on any of them.
    """

    mark: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def at(cls, snapshot: Snapshot) -> Self:
        """Return the position of a listener that has just loaded the page."""
        return cls(snapshot.mark, {job: lines[-1][0] for job, lines in snapshot.progress.items() if lines})

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse what a browser sends back; invalid parts are left out."""
        mark, *parts = text[:_MAX_CURSOR].split(",")
        pairs = [part.rpartition("=") for part in parts]
        lines = {unquote(job): int(number) for job, _, number in pairs if number.isascii() and number.isdecimal()}
        return cls(mark, lines)

    def __str__(self) -> str:
        return ",".join([self.mark, *(f"{quote(job, safe='')}={number}" for job, number in self.lines.items())])

    def events_to(self, snapshot: Snapshot) -> Iterator[Event]:
        """Lines first, so that the last line of a job arrives before the page without the job."""
        here = replace(self, lines={job: number for job, number in self.lines.items() if job in snapshot.progress})
        for job, lines in snapshot.progress.items():
            for number, line in lines:
                if number > here.lines.get(job, 0):
                    here = replace(here, lines={**here.lines, job: number})
                    yield Event("progress", {"job": job, "number": number, "line": plain(line)}, here)
        if snapshot.mark != self.mark:
            yield Event("changed", {}, replace(here, mark=snapshot.mark))


class Listener:
    """One open stream."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self.snapshot = snapshot
        """The newest; None before the first read."""
        self.closed = False
        self._changed = asyncio.Event()

    def update(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._changed.set()

    def close(self) -> None:
        self.closed = True
        self._changed.set()

    async def wait(self, seconds: float) -> None:
        """Return after the next change, or after *seconds*."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        self._changed.clear()


class Feed:
    """Polls the ledger for all listeners, and only while there are any. For one event loop."""

    def __init__(self, read: Callable[[], Snapshot], *, every: float = 0.5, limit: int = MAX_STREAMS) -> None:
        """*read* may block; *every*: seconds between its calls; *limit*: listeners at once."""
        self._read, self._every, self._limit = read, every, limit
        self._listeners: set[Listener] = set()
        self._poller: asyncio.Task[None] | None = None
        self._last: Snapshot | None = None
        self._closed = False

    def check_capacity(self) -> None:
        """Raise Rejected if there can be no further listener."""
        if self._closed or len(self._listeners) >= self._limit:
            raise Rejected(Reason.CROWDED, f"{self._limit} event streams are open; the page reloads without one")

    @asynccontextmanager
    async def listener(self) -> AsyncIterator[Listener]:
        """Listen until the block ends. Raises Rejected."""
        self.check_capacity()
        one = Listener(self._last)
        self._listeners.add(one)
        if self._poller is None:
            self._poller = asyncio.create_task(self._poll(), name="page-feed")
        try:
            yield one
        finally:
            self._listeners.discard(one)
            if not self._listeners and self._poller is not None:
                self._poller.cancel()
                self._poller = self._last = None

    def close(self) -> None:
        """End every stream: the server stops."""
        self._closed = True
        for one in self._listeners:
            one.close()

    async def _poll(self) -> None:
        while not self._closed:
            snapshot = await asyncio.to_thread(self._try_read)
            if snapshot != self._last:
                self._last = snapshot
                for one in self._listeners:
                    one.update(snapshot)
            await asyncio.sleep(self._every)

    def _try_read(self) -> Snapshot:
        try:
            return self._read()
        except LedgerUnavailable as error:
            _log.warning("the feed of the page: %s", error)
        except Exception:  # the page shows the failure, the log has its reason
            _log.exception("the feed of the page")
        return UNAVAILABLE


def event_stream(feed: Feed, cursor: Cursor, *, seconds: float = STREAM_SECONDS) -> Response:
    """What the listener missed, then what happens, until it disconnects or *seconds* are over. Raises Rejected."""
    feed.check_capacity()
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_stream(feed, cursor, seconds), headers=headers, media_type="text/event-stream")


async def _stream(feed: Feed, cursor: Cursor, seconds: float) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop()
    end = clock.time() + seconds
    beat = b"retry: 1000\n\n"
    with suppress(Rejected):  # another stream was faster: the browser opens this one again
        async with feed.listener() as listener:
            while not listener.closed and clock.time() < end:
                events = list(cursor.events_to(listener.snapshot)) if listener.snapshot else []
                if events:
                    cursor = events[-1].cursor
                yield b"".join(event.encode() for event in events) or beat
                beat = b": still open\n\n"
                await listener.wait(min(_BEAT_SECONDS, end - clock.time()))
