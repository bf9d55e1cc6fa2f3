"""What is worth a notification."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import FunctionReport, StackReport
from fcpin.receiver.job_events import JobEventHandler, JobEventHandlers
from fcpin.receiver.ledger.ledger import Ledger, sqlite_ledger
from fcpin.receiver.ledger.model import Ending, Job, JobState
from fcpin.receiver.notify import DriftNotices, Notifier
from fcpin.receiver.notify.messages import Message
from tests.receiver.notify.test_messages import DEPLOYED
from tests.receiver.samples import NOON, at, proposal, push

JOB = Job("7", "prod", JobState.RUNNING, NOON, None, attempts=1)
NO_TIME = timedelta(0)
FAILED = Ending(JobState.PENDING, "the registry is away", at(5), is_retry=True)
ENDINGS = [
    ("the first failed attempt", 1, FAILED, "attempt failed"),
    ("the next failed attempt", 2, FAILED, ""),
    ("a failed job", 6, Ending(JobState.FAILED, "no permission"), "job failed"),
    ("a job that succeeded, whose deployments are notified", 1, Ending(JobState.SUCCEEDED), ""),
    ("a job that waits for its window", 1, Ending(JobState.PENDING, "window", at(5)), ""),
]


@pytest.mark.parametrize(("attempts", "ending", "title"), [row[1:] for row in ENDINGS], ids=[row[0] for row in ENDINGS])
def test_the_end_of_an_attempt(attempts: int, ending: Ending, title: str) -> None:
    messages: list[Message] = []
    Notifier(messages.append).ended(replace(JOB, attempts=attempts), ending, 1.0)
    assert [title in message.title for message in messages] == ([True] if title else [])


class Failing(JobEventHandler):
    def deployed(self, deployment: object) -> None:
        raise RuntimeError("a bug")


def test_a_handler_that_fails_does_not_stop_the_others() -> None:
    messages: list[Message] = []
    handlers = JobEventHandlers([Failing(), Notifier(messages.append)])
    handlers.started(JOB)
    handlers.deployed(DEPLOYED)
    handlers.proposed(proposal("api"))
    handlers.ended(JOB, FAILED, 1.0)
    assert len(messages) == 3


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = sqlite_ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


def report(*kinds: tuple[str, Kind], error: str | None = None, suspended: bool = False) -> StackReport:
    functions = tuple(
        FunctionReport(
            pin, f"shop-{pin}", "cn-hangzhou", "r.example.com/shop/app", "family main", "main", None, None, kind,
            suspended=suspended,
        )
        for pin, kind in kinds
    )  # fmt: skip
    return StackReport("prod", NOON, "embedded", functions, error)


def drift(ledger: Ledger, *reports: StackReport) -> list[str]:
    """The titles after these reports, each in a process of its own."""
    messages: list[Message] = []
    for one in reports:
        DriftNotices(ledger, messages.append)(one)
    return [message.title for message in messages]


MOVED, DELETED = ("api", Kind.MOVED_TAG), ("api", Kind.DELETED_TAG)
REPORTS = [
    ("drift", [report(MOVED)], 1),
    ("the same drift again", [report(MOVED), report(MOVED)], 1),
    ("another kind of drift", [report(MOVED), report(DELETED)], 2),
    ("the same drift after none", [report(MOVED), report(("api", Kind.OK)), report(MOVED)], 2),
    ("a scan that failed", [report(MOVED, error="the state cannot be read")], 0),
    ("drift that passes by itself", [report(("api", Kind.UPDATE_IN_PROGRESS), ("web", Kind.UNKNOWN))], 0),
    ("a suspended pin", [report(MOVED, suspended=True)], 0),
]


@pytest.mark.parametrize(("reports", "count"), [row[1:] for row in REPORTS], ids=[row[0] for row in REPORTS])
def test_drift_without_a_job(ledger: Ledger, reports: list[StackReport], count: int) -> None:
    assert len(drift(ledger, *reports)) == count


def test_drift_that_a_job_will_correct_is_not_notified(ledger: Ledger) -> None:
    ledger.add_event(push(), ["prod"], NOON, debounce=NO_TIME, max_wait=NO_TIME)
    assert drift(ledger, report(MOVED)) == []
