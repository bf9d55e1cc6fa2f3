"""What becomes of jobs is in the log."""

from dataclasses import replace

import pytest

from fcpin.receiver.job_events import JobLog
from fcpin.receiver.ledger.model import Ending
from fcpin.receiver.ledger.model import Job, Proposal, JobState, Deployment
from tests.receiver.pins import A, B
from tests.receiver.samples import NOON

JOB = Job("0a1b", "prod", JobState.RUNNING, NOON, NOON, count=3, attempts=2)
MOVE = Deployment(
    "prod", "api", "api-prod", "cn-hangzhou", "r.example.com/shop/app", "main-11", A, "main-12", B, NOON, "0a1b"
)

ENDINGS = [
    (Ending(JobState.SUCCEEDED), "INFO", "attempt 2 ended in done after 3.1 s"),
    (Ending(JobState.PENDING, "frozen by ann: the sale"), "INFO", "attempt 2 ended in waiting after 3.1 s: frozen by ann: the sale"),
    (Ending(JobState.PENDING, "no answer", failed=True), "WARNING", "attempt 2 ended in waiting after 3.1 s: no answer"),
    (Ending(JobState.FAILED, "no right"), "ERROR", "attempt 2 ended in dead after 3.1 s: no right"),
]  # fmt: skip


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("INFO", "fcpin.receiver.job_events")
    return caplog


@pytest.mark.parametrize(("ending", "level", "line"), ENDINGS)
def test_how_an_attempt_ended(log: pytest.LogCaptureFixture, ending: Ending, level: str, line: str) -> None:
    JobLog().ended(JOB, ending, 3.14)
    (record,) = log.records
    assert (record.levelname, record.getMessage()) == (level, line)
    assert (vars(record)["stack"], vars(record)["job"]) == ("prod", "0a1b")


def test_what_happens_meanwhile(log: pytest.LogCaptureFixture) -> None:
    diary = JobLog()
    diary.started(JOB)
    diary.proposed(Proposal("c0ffee", "prod", "api", "main-11", A, "main-12", B, NOON))
    diary.deployed(MOVE)
    diary.deployed(replace(MOVE, to_tag="main-11"))
    assert [record.getMessage() for record in log.records] == [
        "attempt 2 begins; pushes: 3",
        "somebody has to approve api: main-11 => main-12",
        "deployed api: main-11 => main-12",
        f"deployed api: main-11: {A[:19]} => {B[:19]}",
    ]
