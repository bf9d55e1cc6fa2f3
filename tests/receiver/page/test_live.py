"""Live updates: each line once across reconnects, and one poll of the ledger for all listeners."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Message

from fcpin.receiver.errors import LedgerUnavailable, Rejected
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.page.live import UNAVAILABLE, Cursor, Feed, Snapshot, event_stream
from fcpin.receiver.page.view import read_overview
from tests.receiver.page.samples import LEASE, NOON, function, proposal, running, survey

SOON = 0.005


def progress(job: str, first: int, last: int) -> dict[str, list[tuple[int, str]]]:
    return {job: [(number, f"line {number}") for number in range(first, last + 1)]}


# The cursor


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.text(max_size=12))
def test_a_listener_that_reconnects_gets_each_line_once_and_in_order(breaks: list[int], job: str) -> None:
    heard: list[int] = []
    identifier = ""
    for last in sorted(breaks):
        for event in Cursor.parse(identifier).events_to(Snapshot("m", progress(job, 1, last))):
            if event.kind == "progress":
                heard.append(event.data["number"])
            identifier = str(event.cursor)
    assert heard == list(range(1, max(breaks) + 1))


@given(st.text(max_size=60))
def test_any_text_may_be_sent_back(text: str) -> None:
    list(Cursor.parse(text).events_to(Snapshot("m", progress("job", 1, 2))))


def test_a_cursor_without_end_is_cut() -> None:
    assert len(str(Cursor.parse("m" + ",a=1" * 100_000))) <= 4096


def test_a_loaded_page_misses_nothing() -> None:
    moment = Snapshot("m", progress("job", 1, 3))
    assert list(Cursor.at(moment).events_to(moment)) == []


def test_the_last_line_of_a_job_comes_before_the_page_without_it() -> None:
    kinds = [event.kind for event in Cursor("before").events_to(Snapshot("after", progress("job", 7, 8)))]
    assert kinds == ["progress", "progress", "changed"]


def test_a_job_that_ended_is_forgotten() -> None:
    (event,) = Cursor("before", {"job": 7}).events_to(Snapshot("after"))
    assert str(event.cursor) == "after"


def test_a_line_cannot_end_its_event() -> None:
    (event, *_) = Cursor("m").events_to(Snapshot("m", {"job": [(1, "a\n\nevent: changed\r\ndata: {}")]}))
    assert event.encode().count(b"\n\n") == 1
    assert event.encode().count(b"event:") == 2
    assert json.loads(event.encode().split(b"data: ", 1)[1])["line"].startswith("a\n\nevent")


CHANGES: list[tuple[str, Callable[[Ledger], Any], bool]] = [
    ("a survey", lambda ledger: survey(ledger, "prod", function("checkout")), True),
    ("a proposal", lambda ledger: ledger.set_proposals("prod", [proposal()]), True),
    ("a job", lambda ledger: ledger.request("prod", ["checkout"], NOON), True),
    ("a line of progress", lambda ledger: ledger.append_log(ledger.jobs()[0].id, "Updating"), False),
    ("a lease", lambda ledger: ledger.renew(ledger.jobs()[0], NOON + timedelta(seconds=9), LEASE), False),
]


@pytest.mark.parametrize(("label", "change", "is_new"), CHANGES, ids=[row[0] for row in CHANGES])
def test_what_makes_a_new_page(ledger: Ledger, label: str, change: Callable[[Ledger], Any], is_new: bool) -> None:
    running(ledger, "staging")
    before = Snapshot.of(read_overview(ledger, {"prod": False}))
    change(ledger)
    assert (Snapshot.of(read_overview(ledger, {"prod": False})).mark != before.mark) is is_new


# The feed


@dataclass
class Ledgerish:
    """What the feed reads; it can be unavailable."""

    moment: Snapshot = field(default_factory=lambda: Snapshot("first"))
    looks: int = 0
    away: bool = False

    def __call__(self) -> Snapshot:
        self.looks += 1
        if self.away:
            raise LedgerUnavailable("the disk is full")
        return self.moment


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(SOON)


def run(test: Callable[[Ledgerish, Feed], Awaitable[None]], **how: Any) -> None:
    async def go() -> None:
        seen = Ledgerish()
        await test(seen, Feed(seen, **{"every": SOON, **how}))

    asyncio.run(go())


def test_many_listeners_cost_one_look() -> None:
    async def test(seen: Ledgerish, feed: Feed) -> None:
        async with feed.listener() as one:
            await until(lambda: one.snapshot == Snapshot("first"))
            async with feed.listener() as two, feed.listener() as three:
                assert two.snapshot == three.snapshot == Snapshot("first")
        assert seen.looks == 1

    run(test, every=3600)


def test_there_are_no_polls_without_listeners() -> None:
    async def test(seen: Ledgerish, feed: Feed) -> None:
        async with feed.listener():
            await until(lambda: seen.looks > 0)
        await asyncio.sleep(SOON)
        before = seen.looks
        await asyncio.sleep(5 * SOON)
        assert seen.looks == before
        async with feed.listener() as again:
            await until(lambda: again.snapshot is not None)

    run(test)


def test_one_too_many_is_refused_and_takes_nobodys_place() -> None:
    async def test(_: Ledgerish, feed: Feed) -> None:
        async with feed.listener():
            async with feed.listener():
                with pytest.raises(Rejected, match="2 event streams"):
                    async with feed.listener():
                        pass
            async with feed.listener():
                pass

    run(test, limit=2)


def test_an_unavailable_ledger() -> None:
    async def test(seen: Ledgerish, feed: Feed) -> None:
        async with feed.listener() as one:
            await until(lambda: one.snapshot == Snapshot("first"))
            seen.away = True
            await until(lambda: one.snapshot == UNAVAILABLE)
            seen.away = False
            await until(lambda: one.snapshot == Snapshot("first"))

    run(test)


# The stream


@dataclass
class Wire:
    """The other end of a stream."""

    stream: Response
    sent: list[Message] = field(default_factory=list)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> "Wire":
        self._task = asyncio.create_task(self.stream({"type": "http"}, self._receive, self._send))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.hung_up.set()
        await asyncio.wait_for(self._task, 5)

    async def ended(self) -> None:
        await asyncio.wait_for(asyncio.shield(self._task), 5)

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent).decode()

    @property
    def identifiers(self) -> list[str]:
        return [line.removeprefix("id: ") for line in self.text.splitlines() if line.startswith("id: ")]

    async def _receive(self) -> Message:
        await self.hung_up.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.sent.append(message)


def test_a_stream_that_broke_goes_on_where_it_was() -> None:
    async def test(seen: Ledgerish, feed: Feed) -> None:
        seen.moment = Snapshot("m", progress("job", 1, 2))
        async with Wire(event_stream(feed, Cursor("m"))) as first:
            await until(lambda: len(first.identifiers) == 2)
        seen.moment = Snapshot("m", progress("job", 2, 4))
        async with Wire(event_stream(feed, Cursor.parse(first.identifiers[-1]))) as second:
            await until(lambda: len(second.identifiers) == 2)
            assert [f"line {number}" in second.text for number in (2, 3, 4)] == [False, True, True]

    run(test)


def test_a_stream_lasts_a_minute_and_its_listener_is_gone_then() -> None:
    async def test(seen: Ledgerish, feed: Feed) -> None:
        async with Wire(event_stream(feed, Cursor(), seconds=4 * SOON)) as wire:
            await wire.ended()
            assert wire.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
        async with feed.listener():
            pass

    run(test, limit=1)


def test_a_disconnect_makes_room() -> None:
    async def test(_: Ledgerish, feed: Feed) -> None:
        for _again in range(3):
            async with Wire(event_stream(feed, Cursor())) as wire:
                await until(lambda: "changed" in wire.text)

    run(test, limit=1)


def test_a_stream_too_many_is_rejected() -> None:
    async def test(_: Ledgerish, feed: Feed) -> None:
        async with feed.listener():
            with pytest.raises(Rejected, match="1 event streams"):
                event_stream(feed, Cursor())

    run(test, limit=1)


def test_a_server_that_stops_ends_its_streams() -> None:
    async def test(_: Ledgerish, feed: Feed) -> None:
        async with Wire(event_stream(feed, Cursor())) as wire:
            await until(lambda: bool(wire.sent))
            feed.close()
            await wire.ended()

    run(test)
