"""ScanSchedule: every stack now and then, sooner after a job and when its file was changed."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from fcpin.errors import StackError
from fcpin.receiver.drift_scan.schedule import AFTER_JOB, ScanSchedule
from fcpin.receiver.ledger.model import Ending
from fcpin.receiver.ledger.model import Job, JobState
from tests.receiver.samples import NOON
from tests.support.clock import ManualClock

EVERY = timedelta(minutes=5)


class Walk:
    """ScanSchedule over *files*, and which stacks were looked at since anybody asked."""

    def __init__(self, files: Mapping[str, Path | None]) -> None:
        self.clock = ManualClock()
        self.broken: Exception | None = None
        self.seen = threading.Event()
        self._looked: list[str] = []
        self.rounds = ScanSchedule(self._look, files, EVERY, self.clock)

    def _look(self, stack: str) -> None:
        self._looked.append(stack)
        self.seen.set()
        if self.broken:
            raise self.broken

    def looked(self) -> list[str]:
        self.rounds.tick()
        looked, self._looked = self._looked, []
        return looked


def test_every_stack_at_once_and_then_now_and_then() -> None:
    walk = Walk({"dev": None, "prod": None})
    assert walk.looked() == ["dev", "prod"]
    walk.clock.advance(EVERY.total_seconds() - 1)
    assert walk.looked() == []
    walk.clock.advance(1)
    assert walk.looked() == ["dev", "prod"]


def test_a_moment_after_its_job() -> None:
    walk = Walk({"dev": None, "prod": None})
    walk.looked()
    job = Job("1", "prod", JobState.RUNNING, NOON, None)
    for _ in range(3):
        walk.rounds.ended(job, Ending(JobState.SUCCEEDED), 1.0)
    assert walk.looked() == []
    walk.clock.advance(AFTER_JOB)
    assert walk.looked() == ["prod"]
    walk.clock.advance(AFTER_JOB)
    assert walk.looked() == []


def test_when_its_file_was_changed(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    walk = Walk({"dev": file, "prod": None})
    walk.looked()
    file.write_text("config: {}\n")
    assert walk.looked() == ["dev"]
    assert walk.looked() == []
    file.unlink()
    assert walk.looked() == ["dev"]


def test_a_failure_hides_no_other_stack() -> None:
    walk = Walk({"dev": None, "prod": None})
    walk.broken = StackError("pulumi is not on PATH")
    assert walk.looked() == ["dev", "prod"]
    walk.broken = ZeroDivisionError()
    walk.rounds.call("dev")
    walk.rounds.call("nobody's")
    assert walk.looked() == ["dev"]


def test_the_thread_begins_and_ends() -> None:
    walk = Walk({"dev": None})
    walk.rounds.start()
    assert walk.seen.wait(5)
    walk.seen.clear()
    walk.rounds.call("dev")
    assert walk.seen.wait(5)
    walk.rounds.stop(within=5)
    walk.rounds.call("dev")
    walk.seen.clear()
    assert not walk.seen.wait(0.02)
