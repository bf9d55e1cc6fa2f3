"""The workers of one process over a real ledger: at once, at their time, and almost idle in between."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from fcpin.clock import SystemClock
from fcpin.receiver.ledger.ledger import Ledger, open_ledger
from fcpin.receiver.ledger.model import JobState
from fcpin.receiver.ledger.sqlite import SqliteStore
from fcpin.receiver.page import LedgerActions
from fcpin.receiver.pin_index import PinIndex
from fcpin.receiver.settings.model import ReceiverSettings, StackSettings
from fcpin.receiver.settings.secrets import Secret
from fcpin.receiver.work.worker_pool import WorkerPool
from tests.receiver.fake_converger import FakeConverger
from tests.receiver.page.page_client import HoldsFile
from tests.receiver.pins import B, pin
from tests.receiver.samples import push
from tests.support.redis_server import RedisServer, redis_server

CLOCK = SystemClock()
EVENTS, STACKS = 500, [f"stack-{number}" for number in range(25)]


@dataclass
class PoolHarness:
    ledger: Ledger
    converger: FakeConverger
    pool: WorkerPool

    @property
    def buttons(self) -> LedgerActions:
        return LedgerActions(self.ledger, HoldsFile(), self.pool.wake, CLOCK)

    def comes_to(self, state: JobState, count: int = 1, seconds: float = 30) -> bool:
        """Whether so many jobs come to *state*, and no others are left."""
        return until(lambda: Counter(job.state for job in self.ledger.jobs(limit=1_000)) == {state: count}, seconds)


def until(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return held


Open = Callable[..., PoolHarness]


@pytest.fixture
def open_pool(tmp_path: Path) -> Iterator[Open]:
    """A pool over a ledger; the next one of a test shares the ledger with it, as another process does."""
    opened: list[PoolHarness] = []

    def open_it(
        *stacks: str,
        attempts: int = 6,
        poll: float = 60,
        redis: str = "",
        ledger: Ledger | None = None,
    ) -> PoolHarness:
        settings = ReceiverSettings(
            stacks={name: StackSettings() for name in stacks},
            senders={},
            state=tmp_path / "state",
            attempts=attempts,
            redis=Secret("env:REDIS", redis) if redis else None,
        )
        ledger, converger = ledger or open_ledger(settings), FakeConverger()
        for name in stacks:
            converger.has(name, pin("api", f"r.example.com/shop/{name}"))
            converger.newest(name, "api", "main-12", B)
        index = PinIndex(list(settings.stacks), converger.pins, {})
        pool = WorkerPool(settings, ledger, converger, index, CLOCK, poll=timedelta(seconds=poll))
        opened.append(PoolHarness(ledger, converger, pool))
        pool.start()
        return opened[-1]

    yield open_it
    for one in opened:
        assert one.pool.stop(5)
        one.ledger.close()


def test_many_events_over_many_stacks_are_one_convergence_each(open_pool: Open) -> None:
    one = open_pool(*STACKS)

    def send(number: int) -> None:
        stack = STACKS[number % len(STACKS)]
        event = push("main-12", str(number), f"shop/{stack}", digest=B)
        wait = timedelta(seconds=1.5)
        assert one.ledger.add_event(event, [stack], CLOCK.now(), debounce=wait, max_wait=timedelta(seconds=60))
        one.pool.wake()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(send, range(EVENTS)))
    assert one.comes_to(JobState.SUCCEEDED, len(STACKS))
    assert sum(job.event_count for job in one.ledger.jobs(limit=1_000)) == EVENTS
    assert sorted(stack for stack, _ in one.converger.ups) == sorted(STACKS)


def test_a_job_of_this_process_runs_at_once(open_pool: Open) -> None:
    one = open_pool("prod")
    one.pool.request("prod", ["api"])
    assert one.comes_to(JobState.SUCCEEDED, seconds=5)


def test_a_job_runs_at_its_time(open_pool: Open) -> None:
    one = open_pool("prod")
    wait = timedelta(seconds=0.4)
    one.ledger.add_event(push("main-12", path="shop/prod"), ["prod"], CLOCK.now(), debounce=wait, max_wait=wait)
    one.pool.wake()
    time.sleep(0.2)
    assert one.converger.ups == []
    assert one.comes_to(JobState.SUCCEEDED, seconds=5)


@pytest.mark.parametrize("store", ["sqlite", "redis"])
def test_a_job_of_another_process_is_found_by_the_next_poll(
    open_pool: Open, store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: RedisServer | None = request.getfixturevalue("redis") if store == "redis" else None
    if server:
        server.empty()
    url = server.url if server else ""
    one = open_pool("prod", poll=0.1, redis=url)
    settings = ReceiverSettings(
        stacks={}, senders={}, state=tmp_path / "state", redis=Secret("env:REDIS", url) if url else None
    )
    other = open_ledger(settings)
    other.request("prod", ["api"], CLOCK.now())
    other.close()
    assert one.comes_to(JobState.SUCCEEDED, seconds=5)


def test_an_idle_pool_polls_no_more_than_it_must(open_pool: Open, tmp_path: Path) -> None:
    class Counting(SqliteStore):
        looks = 0

        def stacks(self):  # type: ignore[no-untyped-def]
            self.looks += 1
            return super().stacks()

    store = Counting(tmp_path / "counted.sqlite")
    open_pool("prod", poll=0.1, ledger=Ledger(store))
    time.sleep(0.55)
    assert 2 <= store.looks <= 7


def test_a_store_that_is_away_is_logged_once_and_found_again(open_pool: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "fcpin.receiver.work.worker_pool")
    with redis_server() as server:
        one = open_pool("prod", poll=0.05, redis=server.url)
        server.kill()
        assert until(lambda: "cannot be reached" in caplog.text, 10)
        time.sleep(0.2)
        server.start()
        one.ledger.request("prod", ["api"], CLOCK.now())
        assert one.comes_to(JobState.SUCCEEDED, seconds=10)
    messages = [record.getMessage() for record in caplog.records if record.name.endswith("worker_pool")]
    assert [("cannot" in line, "again" in line) for line in messages][:2] == [(True, False), (False, True)]


def test_a_stop_leaves_what_takes_longer_to_its_lease(open_pool: Open) -> None:
    one = open_pool("prod")
    started, may_end = threading.Event(), threading.Event()

    def wait() -> None:
        started.set()
        may_end.wait(10)

    one.converger.meanwhile = wait
    one.pool.request("prod", ["api"])
    assert started.wait(5)
    assert not one.pool.stop(0.05)
    may_end.set()


def test_what_a_freeze_held_back_goes_on_when_it_is_lifted(open_pool: Open) -> None:
    one = open_pool("prod")
    one.buttons.freeze("the sale", "ann")
    job = one.pool.request("prod", ["api"])
    assert until(lambda: bool(one.ledger.jobs()[0].reason), 10)
    assert (one.ledger.jobs()[0].id, one.converger.ups) == (job.id, [])
    one.buttons.thaw("ann")
    assert one.comes_to(JobState.SUCCEEDED)
