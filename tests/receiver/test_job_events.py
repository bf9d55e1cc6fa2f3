"""What happens to jobs is in the log."""

import pytest

from fcpin.receiver.job_events import JobLog
from fcpin.receiver.ledger.model import Ending, Job, JobState
from tests.receiver.pins import A, B
from tests.receiver.samples import NOON, deployment, proposal

JOB = Job("0a1b", "prod", JobState.RUNNING, NOON, NOON, event_count=3, attempts=2)

ENDINGS = [
    (Ending(JobState.SUCCEEDED), "INFO", "attempt 2: succeeded after 3.1 s"),
    (Ending(JobState.PENDING, "frozen by ann: the sale"), "INFO", "attempt 2: pending after 3.1 s: frozen by ann: the sale"),
    (Ending(JobState.PENDING, "no answer", is_retry=True), "WARNING", "attempt 2: pending after 3.1 s: no answer"),
    (Ending(JobState.FAILED, "no right"), "ERROR", "attempt 2: failed after 3.1 s: no right"),
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
    job_log = JobLog()
    job_log.started(JOB)
    job_log.proposed(proposal("api"))
    job_log.deployed(deployment())
    job_log.deployed(deployment(to_tag="main-11"))
    assert [record.getMessage() for record in log.records] == [
        "attempt 2 started; events: 3",
        "waiting for approval: api: main-11 => main-12",
        "deployed api: main-11 => main-12",
        f"deployed api: main-11: {A[:19]} => {B[:19]}",
    ]
