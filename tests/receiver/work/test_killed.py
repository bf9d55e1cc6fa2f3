"""kill -9 at any moment, and a Redis that restarts: no event is lost, and nothing is deployed twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from fcpin.clock import SystemClock
from fcpin.image import Digest
from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.ledger.ledger import Ledger, open_ledger
from fcpin.receiver.ledger.model import JobState
from tests.receiver.samples import push
from tests.receiver.work.pool_process import STACKS, FolderConverger, settings_of
from tests.support.redis_server import RedisServer, redis_server

KILLS, PATIENCE = 5, 40.0
CLOCK = SystemClock()


class Pools:
    """Processes that work on one ledger."""

    def __init__(self, folder: Path, redis: str, count: int) -> None:
        command = [sys.executable, "-m", "tests.receiver.work.pool_process", str(folder), redis]
        self._maker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self._pids = [self._make() for _ in range(count)]

    def _make(self) -> int:
        assert self._maker.stdin
        assert self._maker.stdout
        self._maker.stdin.write("one more\n")
        return int(self._maker.stdout.readline())

    def kill_one(self, chance: random.Random) -> None:
        """And have another in its place."""
        os.kill(self._pids.pop(chance.randrange(len(self._pids))), signal.SIGKILL)
        self._pids.append(self._make())

    def end(self) -> None:
        for pid in self._pids:
            os.kill(pid, signal.SIGKILL)
        self._maker.communicate()


def send(ledger: Ledger, folder: Path, stack: str, number: int) -> None:
    """An event, sent again until it is stored, as senders do."""
    path = folder / "wanted" / stack
    path.with_suffix(".new").write_text(str(number))
    path.with_suffix(".new").replace(path)
    event = push("main-1", f"{stack}-{number}", digest=Digest(f"sha256:{number:064x}"))
    while True:
        try:
            ledger.add_event(
                event, [stack], CLOCK.now(), debounce=timedelta(seconds=0.1), max_wait=timedelta(seconds=1)
            )
        except LedgerUnavailable:
            time.sleep(0.02)
        else:
            return


@pytest.fixture(params=["sqlite", "redis"])
def server(request: pytest.FixtureRequest) -> Iterator[RedisServer | None]:
    with ExitStack() as stack:
        yield stack.enter_context(redis_server()) if request.param == "redis" else None


def test_nothing_is_lost_and_nothing_is_deployed_twice(server: RedisServer | None, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    redis = server.url if server else ""
    for name in ("wanted", "deployed"):
        (tmp_path / name).mkdir()
    ledger = open_ledger(settings_of(tmp_path, redis))
    pools = Pools(tmp_path, redis, count=2)
    numbers: Counter[str] = Counter()
    try:
        for kill in range(KILLS):
            for stack in chance.sample(STACKS, 4):
                numbers[stack] += 1
                send(ledger, tmp_path, stack, numbers[stack])
            time.sleep(chance.uniform(0, 0.3))
            pools.kill_one(chance)
            if server and kill in (1, 3):
                server.restart()
        deadline = time.monotonic() + PATIENCE
        while ledger.due_times() and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        pools.end()
    deployed = {stack: FolderConverger(tmp_path).deployed(stack) for stack in STACKS}
    jobs = ledger.jobs(limit=1_000)
    ledger.close()
    assert {job.state for job in jobs} == {JobState.SUCCEEDED}, f"seed {seed}"
    assert sum(job.event_count for job in jobs) == numbers.total(), f"seed {seed}: events are lost"
    assert {stack: numbers[stack] for stack in STACKS} == {stack: done[-1] for stack, done in deployed.items()}
    assert all(len(done) == len(set(done)) for done in deployed.values()), f"seed {seed}: twice in {deployed}"
