"""Every stack is scanned regularly, sooner after a job, and when its file has changed."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from fcpin.errors import StackError
from fcpin.receiver.drift_scan.schedule import AFTER_JOB, ScanSchedule
from fcpin.receiver.ledger.model import Ending, Job, JobState
from tests.receiver.samples import NOON
from tests.support.clock import ManualClock

EVERY = timedelta(minutes=5)


class ScheduleHarness:
    """A schedule over *files*, and which stacks were scanned since the last look."""

    def __init__(self, files: Mapping[str, Path | None]) -> None:
        self.clock = ManualClock()
        self.broken: Exception | None = None
        self.scans = threading.Semaphore(0)
        self._scanned: list[str] = []
        self.schedule = ScanSchedule(self._scan, files, EVERY, self.clock)

    def _scan(self, stack: str) -> None:
        self._scanned.append(stack)
        self.scans.release()
        if self.broken:
            raise self.broken

    def scanned(self, after: float = 0) -> list[str]:
        self.clock.advance(after)
        self.schedule.tick()
        scanned, self._scanned = self._scanned, []
        return scanned


def test_every_stack_at_once_then_regularly_and_a_moment_after_its_job() -> None:
    harness, every = ScheduleHarness({"dev": None, "prod": None}), EVERY.total_seconds()
    assert [harness.scanned(after) for after in (0, every - 1, 1)] == [["dev", "prod"], [], ["dev", "prod"]]
    job = Job("1", "prod", JobState.RUNNING, NOON, None)
    for _ in range(3):
        harness.schedule.ended(job, Ending(JobState.SUCCEEDED), 1.0)
    assert [harness.scanned(after) for after in (0, AFTER_JOB, AFTER_JOB)] == [[], ["prod"], []]


def test_when_its_file_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    harness = ScheduleHarness({"dev": file, "prod": None})
    harness.scanned()
    file.write_text("config: {}\n")
    assert [harness.scanned(), harness.scanned()] == [["dev"], []]
    file.unlink()
    assert harness.scanned() == ["dev"]


def test_a_failure_hides_no_other_stack() -> None:
    harness = ScheduleHarness({"dev": None, "prod": None})
    harness.broken = StackError("pulumi is not on PATH")
    assert harness.scanned() == ["dev", "prod"]
    harness.broken = ZeroDivisionError()
    harness.schedule.request("dev")
    harness.schedule.request("another")
    assert harness.scanned() == ["dev"]


def test_the_thread_begins_and_ends() -> None:
    harness = ScheduleHarness({"dev": None})
    harness.schedule.start()
    assert harness.scans.acquire(timeout=5)
    harness.schedule.request("dev")
    assert harness.scans.acquire(timeout=5)
    harness.schedule.stop(5)
    harness.schedule.request("dev")
    assert harness.scanned() == ["dev", "dev"], "no scan begins any more"
