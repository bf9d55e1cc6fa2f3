"""What is worth a notification, and its text."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import FunctionReport, StackReport
from fcpin.receiver.job_events import JobEventHandler, JobEventHandlers
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Ending, Job, JobState
from fcpin.receiver.notify import DriftNotices, Notifier, messages
from fcpin.receiver.notify.messages import Message, Tone
from tests.receiver.samples import NO_TIME, NOON, at, deployment, digest, function, proposal, push

DEPLOYED = deployment("api", at=at(4), job="7", exposed_seconds=4.0)
JOB = Job("7", "prod", JobState.RUNNING, NOON, None, attempts=1)
FAILED_JOB = replace(JOB, state=JobState.FAILED, events=(push("main-12"),), requested_pins=("web",), attempts=6)
DELETED = function("api", Kind.DELETED_TAG, sentence="the tag main-11 is gone")
IMAGES = (digest("a"), digest("b"))

TEXTS: list[tuple[Message, Tone, str, Sequence[str]]] = [
    # the message, its tone, a part of its title, facts of its body
    (
        messages.deployed(DEPLOYED),
        Tone.SUCCESS,
        "deployed: api: main-11 => main-12",
        (*IMAGES, "shop-api", "cn-hangzhou", "prod", "r.example.com/shop/app", "4.0 s after the push"),
    ),
    (
        messages.deployed(replace(DEPLOYED, to_tag="main-11", outage=True)),
        Tone.WARNING,
        "outage healed",
        ["could not start for 4.0 s"],
    ),
    (messages.proposed(proposal("api")), Tone.INFO, "waiting for approval: api: main-11 => main-12", IMAGES),
    (
        messages.failed(FAILED_JOB, "line one\nline two " + "x" * 5_000),
        Tone.FAILURE,
        "job failed",
        ("line one line two", "shop/app:main-12", "web", "job 7", "6 attempts"),
    ),
    (messages.drifted("prod", [DELETED]), Tone.WARNING, "prod", ["deleted-tag: the tag main-11 is gone"]),
]


@pytest.mark.parametrize(("message", "tone", "title", "facts"), TEXTS, ids=[row[2] for row in TEXTS])
def test_a_text(message: Message, tone: Tone, title: str, facts: Sequence[str]) -> None:
    assert title in message.title
    assert message.tone is tone
    assert [fact for fact in facts if fact not in message.body] == []
    assert len(message.body) < 1_500


RETRY = Ending(JobState.PENDING, "the registry is away", at(5), is_retry=True)
ENDINGS = [
    ("the first failed attempt", 1, RETRY, "attempt failed"),
    ("the next failed attempt", 2, RETRY, ""),
    ("a failed job", 6, Ending(JobState.FAILED, "no permission"), "job failed"),
    ("a job that succeeded, whose deployments are notified", 1, Ending(JobState.SUCCEEDED), ""),
    ("a job that waits for its window", 1, Ending(JobState.PENDING, "window", at(5)), ""),
]


@pytest.mark.parametrize(("attempts", "ending", "title"), [pytest.param(*row[1:], id=row[0]) for row in ENDINGS])
def test_the_end_of_an_attempt(attempts: int, ending: Ending, title: str) -> None:
    sent: list[Message] = []
    Notifier(sent.append).ended(replace(JOB, attempts=attempts), ending, 1.0)
    assert [title in message.title for message in sent] == ([True] if title else [])


class Failing(JobEventHandler):
    def deployed(self, deployment: object) -> None:
        raise RuntimeError("a bug")


def test_a_handler_that_fails_does_not_stop_the_others() -> None:
    sent: list[Message] = []
    handlers = JobEventHandlers([Failing(), Notifier(sent.append)])
    handlers.started(JOB)
    handlers.deployed(DEPLOYED)
    handlers.proposed(proposal("api"))
    handlers.ended(JOB, RETRY, 1.0)
    assert len(sent) == 3


def report(*functions: FunctionReport, error: str | None = None) -> StackReport:
    return StackReport("prod", NOON, "embedded", functions, error)


MOVED = function("api", Kind.MOVED_TAG)
REPORTS = [
    ("drift", [report(MOVED)], 1),
    ("the same drift again", [report(MOVED), report(MOVED)], 1),
    ("another kind of drift", [report(MOVED), report(DELETED)], 2),
    ("the same drift after none", [report(MOVED), report(function("api")), report(MOVED)], 2),
    ("a scan that failed", [report(MOVED, error="the state cannot be read")], 0),
    ("drift that passes", [report(function("api", Kind.UPDATE_IN_PROGRESS), function("web", Kind.UNKNOWN))], 0),
    ("a suspended pin", [report(replace(MOVED, suspended=True))], 0),
]


@pytest.mark.parametrize(("reports", "count"), [pytest.param(*row[1:], id=row[0]) for row in REPORTS])
def test_drift(ledger: Ledger, reports: list[StackReport], count: int) -> None:
    sent: list[Message] = []
    for one in reports:
        DriftNotices(ledger, sent.append)(one)
    assert len(sent) == count


def test_drift_that_a_job_will_correct(ledger: Ledger) -> None:
    sent: list[Message] = []
    ledger.add_event(push(), ["prod"], NOON, debounce=NO_TIME, max_wait=NO_TIME)
    DriftNotices(ledger, sent.append)(report(MOVED))
    assert sent == []
