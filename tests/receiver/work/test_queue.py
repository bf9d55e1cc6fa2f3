"""Wake-ups by the real huey, over SQLite and Debian's Redis: at their time, found again when lost, and never code."""

import pickle
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client

from fcpin.clock import SystemClock
from fcpin.receiver.ledger.base import Ledger
from fcpin.receiver.ledger.opening import open_ledger
from fcpin.receiver.settings.model import ReceiverSettings
from fcpin.receiver.settings.secrets import Secret
from fcpin.receiver.work.queue import Queue
from fcpin.receiver.work.wakeups import open_huey

CLOCK = SystemClock()


@pytest.fixture(params=["sqlite", "redis"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> ReceiverSettings:
    server = request.getfixturevalue("redis") if request.param == "redis" else None
    if server:
        server.empty()
    return ReceiverSettings(
        tmp_path, {}, {}, state=tmp_path / "state", redis=Secret("env:REDIS", server.url) if server else None
    )


class Runs:
    """The stacks that were woken, and when."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, stack: str) -> None:
        self.at[stack] = time.monotonic()
        self.may_go_on.wait(10)

    def has(self, stack: str) -> bool:
        deadline = time.monotonic() + 10
        while stack not in self.at and time.monotonic() < deadline:
            time.sleep(0.01)
        return stack in self.at


@pytest.fixture
def ledger(settings: ReceiverSettings) -> Iterator[Ledger]:
    ledger = open_ledger(settings)
    yield ledger
    ledger.close()


@contextmanager
def started(settings: ReceiverSettings, ledger: Ledger, run: Callable[[str], object]) -> Iterator[Queue]:
    queue = Queue(open_huey(settings), ledger, CLOCK, run)
    queue.start(workers=2)
    yield queue
    queue.stop(5)


def test_a_stack_is_woken_at_its_time(settings: ReceiverSettings, ledger: Ledger) -> None:
    runs = Runs()
    with started(settings, ledger, runs) as queue:
        began = time.monotonic()
        queue.wake("later", CLOCK.now() + timedelta(seconds=0.3))
        queue.wake("now", CLOCK.now())
        assert runs.has("now")
        assert runs.has("later")
    assert 0.29 < runs.at["later"] - began < 3


def test_whoever_starts_finds_the_work_whose_wake_up_was_lost(settings: ReceiverSettings, ledger: Ledger) -> None:
    ledger.ask("due", [], CLOCK.now())
    ledger.ask("tomorrow", [], CLOCK.now() + timedelta(days=1))
    runs = Runs()
    with started(settings, ledger, runs):
        assert runs.has("due")
    assert "tomorrow" not in runs.at


def test_stopping_waits_for_what_is_under_way_but_not_for_ever(settings: ReceiverSettings, ledger: Ledger) -> None:
    runs = Runs()
    with started(settings, ledger, runs) as queue:
        runs.may_go_on.clear()
        queue.wake("slow", CLOCK.now())
        assert runs.has("slow")
        assert not queue.stop(0.02)
        runs.may_go_on.set()
    assert queue.stop(0)


class Bomb:
    """What huey's own serializer would run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('run by a queue')",))


def test_what_others_put_into_redis_is_dropped_and_never_run(
    redis: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    redis.empty()
    settings = ReceiverSettings(tmp_path, {}, {}, redis=Secret("env:REDIS", redis.url))
    found = [pickle.dumps(Bomb()), b"[]", b'{"task": "os.system", "id": "1", "stack": ["x"]}', b"\xff"]
    with redis_client.Redis.from_url(redis.url) as client:
        client.lpush("huey.redis.fcpin", *found)
        client.zadd("huey.schedule.fcpin", dict.fromkeys(found, 0))
    ledger, runs = open_ledger(settings), Runs()
    with started(settings, ledger, runs) as queue:
        queue.wake("now", CLOCK.now())
        assert runs.has("now")
    ledger.close()
    assert caplog.text.count("is no wake-up and is dropped") == 2 * len(found)
    assert not any(record.exc_info for record in caplog.records)


def test_a_queue_that_is_away_is_told_and_does_no_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = ReceiverSettings(tmp_path, {}, {}, redis=Secret("env:REDIS", f"unix://{tmp_path}/nobody.sock"))
    ledger = open_ledger(settings)
    queue = Queue(open_huey(settings), ledger, CLOCK, Runs())
    queue.wake("prod", CLOCK.now())
    queue.sweep()
    ledger.close()
    assert "no wake-up for the stack prod" in caplog.text
    assert "cannot look for what is due" in caplog.text


def test_an_absence_of_the_queue_is_one_line_and_so_is_its_end(
    redis: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "fcpin.receiver.work.wakeups")
    settings = ReceiverSettings(tmp_path, {}, {}, redis=Secret("env:REDIS", redis.url))
    ledger, runs = open_ledger(settings), Runs()
    queue = Queue(open_huey(settings), ledger, CLOCK, runs, sweep_every=timedelta(seconds=0.05))
    queue.start(workers=3)
    redis.kill()
    until(lambda: "cannot be reached" in caplog.text)
    redis.start()
    until(lambda: "can be reached again" in caplog.text)
    queue.wake("now", CLOCK.now())
    assert runs.has("now")
    assert queue.stop(5)
    ledger.close()
    ours = [record for record in caplog.records if record.name == "fcpin.receiver.work.wakeups"]
    assert [record.levelname for record in ours] == ["WARNING", "INFO"]
    assert not any(record.exc_info for record in caplog.records)


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)
