"""Which of all that happens people are told of."""

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
from fcpin.receiver.notify.message import Message
from tests.receiver.notify.test_message import DEPLOYED
from tests.receiver.samples import NOON, at, proposal, push

JOB = Job("7", "prod", JobState.RUNNING, NOON, None, attempts=1)
NO_TIME = timedelta(0)
FAILED = Ending(JobState.PENDING, "the registry is away", at(5), is_retry=True)
ENDINGS = [
    ("a first failure", 1, FAILED, "failed"),
    ("the failures after it are not told again", 2, FAILED, ""),
    ("a job that is given up", 6, Ending(JobState.FAILED, "no right"), "given up"),
    ("a job that is done: its deployments are told", 1, Ending(JobState.SUCCEEDED), ""),
    ("a job that waits for its window", 1, Ending(JobState.PENDING, "window", at(5)), ""),
]


@pytest.mark.parametrize(("attempts", "ending", "told"), [row[1:] for row in ENDINGS], ids=[row[0] for row in ENDINGS])
def test_the_end_of_an_attempt(attempts: int, ending: Ending, told: str) -> None:
    messages: list[Message] = []
    Notifier(messages.append).ended(replace(JOB, attempts=attempts), ending, 1.0)
    assert [told in message.title for message in messages] == ([True] if told else [])


class Failing(JobEventHandler):
    """Fails at everything."""

    def deployed(self, deployment: object) -> None:
        raise RuntimeError("a defect")


def test_an_observer_that_fails_keeps_nothing_from_the_others() -> None:
    messages: list[Message] = []
    observers = JobEventHandlers([Failing(), Notifier(messages.append)])
    observers.started(JOB)
    observers.deployed(DEPLOYED)
    observers.proposed(proposal("api"))
    observers.ended(JOB, FAILED, 1.0)
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
    """The titles of what is told of these surveys, by a process each."""
    messages: list[Message] = []
    for one in reports:
        DriftNotices(ledger, messages.append)(one)
    return [message.title for message in messages]


MOVED, DELETED = ("api", Kind.MOVED_TAG), ("api", Kind.DELETED_TAG)
SURVEYS = [
    ("drift is told", [report(MOVED)], 1),
    ("and told once", [report(MOVED), report(MOVED)], 1),
    ("another kind is told anew", [report(MOVED), report(DELETED)], 2),
    ("what was fine in between is told anew", [report(MOVED), report(("api", Kind.OK)), report(MOVED)], 2),
    ("a survey that failed tells nothing", [report(MOVED, error="the state cannot be read")], 0),
    ("what sets itself right is not told", [report(("api", Kind.UPDATE_IN_PROGRESS), ("web", Kind.UNKNOWN))], 0),
    ("a suspended pin is left alone", [report(MOVED, suspended=True)], 0),
]


@pytest.mark.parametrize(("reports", "told"), [row[1:] for row in SURVEYS], ids=[row[0] for row in SURVEYS])
def test_drift_that_nobody_told_of(ledger: Ledger, reports: list[StackReport], told: int) -> None:
    assert len(drift(ledger, *reports)) == told


def test_drift_that_a_job_is_about_to_set_right_is_not_told(ledger: Ledger) -> None:
    ledger.add_event(push(), ["prod"], NOON, debounce=NO_TIME, max_wait=NO_TIME)
    assert drift(ledger, report(MOVED)) == []
