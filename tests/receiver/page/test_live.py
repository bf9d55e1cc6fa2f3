"""Live updates: each line once across reconnects, and one poll of the ledger for all listeners."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message

from fcpin.receiver.errors import LedgerUnavailable, Rejected
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.page.live import UNAVAILABLE, Cursor, Feed, Snapshot, event_stream
from fcpin.receiver.page.view import read_overview
from tests.receiver.page.samples import LEASE, running
from tests.receiver.samples import NOON, function, proposal, scanned

SOON = 0.005


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def progress(job: str, first: int, last: int) -> dict[str, list[tuple[int, str]]]:
    return {job: [(number, f"line {number}") for number in range(first, last + 1)]}


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.text(max_size=6))
@settings(max_examples=40)
def test_a_listener_that_reconnects_gets_each_line_once_and_in_order(breaks: list[int], job: str) -> None:
    got: list[int] = []
    identifier = ""
    for last in sorted(breaks):
        for event in Cursor.parse(identifier).events_to(Snapshot("m", progress(job, 1, last))):
            if event.kind == "progress":
                got.append(event.data["number"])
            identifier = str(event.cursor)
    assert got == list(range(1, max(breaks) + 1))


@given(st.text(max_size=60))
def test_a_cursor_parses_any_text(text: str) -> None:
    list(Cursor.parse(text).events_to(Snapshot("m", progress("job", 1, 2))))


def test_a_long_cursor_is_cut() -> None:
    assert len(str(Cursor.parse("m" + ",a=1" * 100_000))) <= 4096


def test_the_events_after_a_position() -> None:
    loaded = Snapshot("m", progress("job", 1, 3))
    assert list(Cursor.at(loaded).events_to(loaded)) == []
    kinds = [event.kind for event in Cursor("before").events_to(Snapshot("after", progress("job", 7, 8)))]
    assert kinds == ["progress", "progress", "changed"], "the last line of a job comes before the page without it"
    (ended,) = Cursor("before", {"job": 7}).events_to(Snapshot("after"))
    assert str(ended.cursor) == "after"
    line = "a\n\nevent: changed\r\ndata: {}"
    encoded = next(Cursor("m").events_to(Snapshot("m", {"job": [(1, line)]}))).encode()
    assert encoded.count(b"\n\n") == 1, "a line cannot end its event"
    assert json.loads(encoded.split(b"data: ", 1)[1])["line"].startswith("a\n\nevent")


CHANGES: list[tuple[str, Callable[[Ledger], Any], bool]] = [
    ("a drift scan", lambda ledger: scanned(ledger, "prod", function("checkout")), True),
    ("a proposal", lambda ledger: ledger.set_proposals("prod", [proposal()]), True),
    ("a job", lambda ledger: ledger.request("prod", ["checkout"], NOON), True),
    ("a line of progress", lambda ledger: ledger.append_log(ledger.jobs()[0].id, "Updating"), False),
    ("a lease", lambda ledger: ledger.renew(ledger.jobs()[0], NOON + timedelta(seconds=9), LEASE), False),
]


@pytest.mark.parametrize(("change", "is_new"), [pytest.param(*row[1:], id=row[0]) for row in CHANGES])
def test_what_changes_the_page(ledger: Ledger, change: Callable[[Ledger], Any], is_new: bool) -> None:
    running(ledger, "staging")
    before = Snapshot.of(read_overview(ledger, {"prod": False}))
    change(ledger)
    assert (Snapshot.of(read_overview(ledger, {"prod": False})).mark != before.mark) is is_new


@dataclass
class Source:
    """What the feed reads; it can be unavailable."""

    snapshot: Snapshot = field(default_factory=lambda: Snapshot("first"))
    reads: int = 0
    is_there: bool = True

    def __call__(self) -> Snapshot:
        self.reads += 1
        if not self.is_there:
            raise LedgerUnavailable("the disk is full")
        return self.snapshot


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(SOON)


@pytest.mark.anyio
async def test_listeners_share_one_poll_and_their_number_is_limited() -> None:
    source = Source()
    feed = Feed(source, every=3600, limit=2)
    async with feed.listener() as one:
        await until(lambda: one.snapshot == Snapshot("first"))
        async with feed.listener() as two:
            assert two.snapshot == Snapshot("first")
            with pytest.raises(Rejected, match="2 event streams"):
                event_stream(feed, Cursor())
            with pytest.raises(Rejected, match="2 event streams"):
                async with feed.listener():
                    pass
        async with feed.listener():
            pass
    assert source.reads == 1


@pytest.mark.anyio
async def test_the_ledger_is_polled_while_there_are_listeners() -> None:
    source = Source()
    feed = Feed(source, every=SOON)
    async with feed.listener() as one:
        await until(lambda: one.snapshot == Snapshot("first"))
        source.is_there = False
        await until(lambda: one.snapshot == UNAVAILABLE)
        source.is_there = True
        await until(lambda: one.snapshot == Snapshot("first"))
    await asyncio.sleep(SOON)
    before = source.reads
    await asyncio.sleep(5 * SOON)
    assert source.reads == before
    async with feed.listener() as again:
        await until(lambda: again.snapshot is not None)


@dataclass
class Browser:
    """The other end of a stream."""

    feed: Feed
    sent: list[Message] = field(default_factory=list)
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def reading(self, cursor: str = "", seconds: float = 60) -> AsyncIterator[asyncio.Task[None]]:
        stream = event_stream(self.feed, Cursor.parse(cursor), seconds=seconds)
        task = asyncio.create_task(stream({"type": "http"}, self._receive, self._send))
        yield task
        await asyncio.wait_for(task, 5)

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent).decode()

    @property
    def identifiers(self) -> list[str]:
        return [line.removeprefix("id: ") for line in self.text.splitlines() if line.startswith("id: ")]

    async def _receive(self) -> Message:
        await self.disconnected.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.sent.append(message)


@pytest.mark.anyio
async def test_an_interrupted_stream_resumes() -> None:
    source = Source(Snapshot("m", progress("job", 1, 2)))
    feed = Feed(source, every=SOON)
    first, second = Browser(feed), Browser(feed)
    async with first.reading("m"):
        await until(lambda: len(first.identifiers) == 2)
        first.disconnected.set()
    source.snapshot = Snapshot("m", progress("job", 2, 4))
    async with second.reading(first.identifiers[-1]):
        await until(lambda: len(second.identifiers) == 2)
        second.disconnected.set()
    assert [f"line {number}" in second.text for number in (2, 3, 4)] == [False, True, True]


@pytest.mark.anyio
@pytest.mark.parametrize("end", ["a disconnect", "the end of its time", "the end of the server"])
async def test_a_stream_ends_and_leaves_room(end: str) -> None:
    feed = Feed(Source(), every=SOON, limit=1)
    browser = Browser(feed)
    async with browser.reading(seconds=4 * SOON if end == "the end of its time" else 60):
        await until(lambda: "changed" in browser.text)
        if end == "a disconnect":
            browser.disconnected.set()
        elif end == "the end of the server":
            feed.close()
    assert not feed._listeners
    if end != "a disconnect":
        assert browser.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
