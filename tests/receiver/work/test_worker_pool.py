"""The workers of one process: at once, at their time, and idle in between."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fcpin.receiver.ledger.ledger import sqlite_ledger
from fcpin.receiver.ledger.model import JobState
from fcpin.receiver.settings.model import StackSettings
from fcpin.receiver.work.worker_pool import POLL, WorkerPool
from tests.receiver.pins import B, pin
from tests.receiver.samples import push
from tests.receiver.work.conftest import WorkHarness

STACKS = [f"stack-{number}" for number in range(8)]
BURST = timedelta(seconds=9)
Begin = Callable[[], WorkerPool]


@pytest.fixture
def begin(work: WorkHarness) -> Iterator[Begin]:
    """Starts a pool, which is stopped after the case."""
    pools: list[WorkerPool] = []

    def begin() -> WorkerPool:
        pools.append(work.pool())
        pools[-1].start()
        return pools[-1]

    yield begin
    assert all(pool.stop(5) for pool in pools)


def has_ended(work: WorkHarness, jobs: int = 1) -> bool:
    """Whether so many attempts come to an end."""
    return all(work.events.ends.acquire(timeout=5) for _ in range(jobs))


def test_many_events_over_many_stacks_are_one_deployment_each(work: WorkHarness, begin: Begin) -> None:
    for name in STACKS:
        work.stacks[name] = StackSettings()
        work.converger.has(name, pin("api", f"r.example.com/shop/{name}"))
        work.converger.newest(name, "api", "main-12", B)
    pool = begin()
    for number in range(40):
        stack = STACKS[number % len(STACKS)]
        event = push("main-12", str(number), f"shop/{stack}", digest=B)
        assert work.ledger.add_event(event, [stack], work.clock.now(), debounce=BURST, max_wait=BURST)
        pool.wake()
    assert work.converger.ups == []
    work.clock.advance(BURST.total_seconds())
    pool.wake()
    assert has_ended(work, len(STACKS))
    assert {(job.state, job.event_count) for job in work.ledger.jobs()} == {(JobState.SUCCEEDED, 5)}
    assert sorted(work.converger.ups) == [(stack, ("api",)) for stack in STACKS]


def test_a_job_of_this_process_runs_at_once(work: WorkHarness, begin: Begin) -> None:
    pool = begin()
    pool.request("prod", ["api"])
    assert has_ended(work)


def test_a_job_that_an_earlier_process_left_runs_at_once(work: WorkHarness, begin: Begin) -> None:
    work.requests("api")
    begin()
    assert has_ended(work)


def test_it_looks_again_when_a_job_is_due_and_for_jobs_of_other_processes(work: WorkHarness, tmp_path: Path) -> None:
    pool = work.pool()
    idle = POLL.total_seconds()
    assert pool.look() == idle
    other, half = sqlite_ledger(tmp_path / "ledger.sqlite"), timedelta(seconds=idle / 2)
    other.add_event(push(), ["prod"], work.clock.now(), debounce=half, max_wait=half)
    assert pool.look() == idle / 2, "not yet due"
    work.clock.advance(idle / 2)
    assert [pool.look(), pool.look()] == [idle, idle]
    assert pool._due.qsize() == 1, "a stack is queued once"
    other.close()


def test_a_store_that_is_away_is_logged_once_and_found_again(
    work: WorkHarness, begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "fcpin.receiver.work.worker_pool")
    work.ledger.is_away = True
    pool = begin()
    for looks in (1, 2):
        assert work.ledger.looks.acquire(timeout=5), looks
        pool.wake()
    work.ledger.is_away = False
    pool.request("prod", ["api"])
    assert has_ended(work)
    lines = [record.getMessage() for record in caplog.records if record.name.endswith("worker_pool")]
    assert lines == [
        "the ledger cannot be reached; it is retried every 1 s: no connection",
        "the ledger can be reached again",
    ]


def test_a_stop_leaves_what_takes_longer_to_its_lease(work: WorkHarness, begin: Begin) -> None:
    pool = begin()
    started, may_end = threading.Event(), threading.Event()

    def wait() -> None:
        started.set()
        may_end.wait(10)

    work.converger.meanwhile = wait
    pool.request("prod", ["api"])
    assert started.wait(5)
    assert not pool.stop(0.05)
    may_end.set()
