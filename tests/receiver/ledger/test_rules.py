"""What becomes of a stack's jobs. Times are seconds after NOON."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcpin.receiver.ledger import rules
from fcpin.receiver.ledger.model import Ending, Job, JobState, PinChange, StackRecord, approval_token
from fcpin.receiver.ledger.rules import MAX_TAGS, Burst
from fcpin.receiver.push_event import PushEvent, RepositoryHint
from tests.receiver.pins import A, B
from tests.receiver.samples import NOON, at, deployment, digest, proposal, push

C = digest("c")
BURST, LEASE = Burst(timedelta(seconds=1), timedelta(seconds=3)), timedelta(seconds=30)
PENDING, RUNNING, APPROVAL = JobState.PENDING, JobState.RUNNING, JobState.WAITING_FOR_APPROVAL


@dataclass
class Jobs:
    """The jobs of the stack `prod`."""

    record: StackRecord = field(default_factory=StackRecord)
    ended: list[Job] = field(default_factory=list)
    _ids: "itertools.count[int]" = field(default_factory=itertools.count)

    def new_id(self) -> str:
        return str(next(self._ids))

    def claim(self, seconds: float, worker: str = "w1") -> Job | None:
        record = rules.claimed(self.record, worker, at(seconds), LEASE)
        self.record = record or self.record
        return record.running if record else None

    def finish(self, job: Job, ending: Ending, seconds: float) -> bool:
        finished = rules.finished(self.record, job, ending, at(seconds))
        if finished:
            self.record, ended = finished
            self.ended += [ended] if ended else []
        return finished is not None


Step: TypeAlias = Callable[[Jobs], object]


def event(seconds: float, tag: str = "main-1") -> Step:
    def step(jobs: Jobs) -> None:
        came = push(tag, event=f"{tag} at {seconds}")
        jobs.record = rules.with_event(jobs.record, "prod", came, at(seconds), BURST, jobs.new_id)

    return step


def request(seconds: float, *pins: str) -> Step:
    def step(jobs: Jobs) -> None:
        jobs.record, _ = rules.with_request(jobs.record, "prod", pins, at(seconds), jobs.new_id)

    return step


def claim(seconds: float) -> Step:
    return lambda jobs: jobs.claim(seconds)


def finish(
    seconds: float, state: JobState, reason: str = "", *, due: float | None = None, is_retry: bool = False
) -> Step:
    def step(jobs: Jobs) -> None:
        assert jobs.record.running
        ending = Ending(state, reason, None if due is None else at(due), is_retry)
        assert jobs.finish(jobs.record.running, ending, seconds)

    return step


def retry(seconds: float) -> Step:
    def step(jobs: Jobs) -> None:
        jobs.record, _ = rules.retried(jobs.record, jobs.ended.pop(), at(seconds))

    return step


def after(*steps: Step) -> Jobs:
    jobs = Jobs()
    for step in steps:
        step(jobs)
    return jobs


ATTEMPT = (event(0), claim(1))
WINDOW = (*ATTEMPT, finish(2, PENDING, "until Monday", due=900))
RETRY = (*ATTEMPT, finish(3, PENDING, "no answer", due=60, is_retry=True))
FAILED = (*ATTEMPT, finish(2, JobState.FAILED, "no answer"))

JOBS = [
    # label, steps, the job that has not begun: state, due, attempts, events, reason
    ("an event is due when the burst is over", [event(0), event(0.5)], (PENDING, 1.5, 0, 2, "")),
    ("a burst without end is due after the max wait", [event(n / 2) for n in range(10)], (PENDING, 3, 0, 10, "")),
    ("a job that is not due is not claimed", [event(0), claim(0.9)], (PENDING, 1, 0, 1, "")),
    ("an event during a run is the next job", [*ATTEMPT, event(2), claim(10)], (PENDING, 3, 0, 1, "")),
    ("a retry has its time", [*RETRY], (PENDING, 60, 1, 1, "no answer")),
    ("a retry keeps its time when an event comes", [*RETRY, event(4)], (PENDING, 60, 1, 2, "no answer")),
    ("a retry keeps its time when it joins an event", [*ATTEMPT, event(2), RETRY[-1]], (PENDING, 60, 1, 2, "no answer")),
    ("a window is waited for", [*WINDOW], (PENDING, 900, 0, 1, "until Monday")),
    ("an event wakes what waits for a window", [*WINDOW, event(100)], (PENDING, 101, 0, 2, "")),
    ("and a burst of events is waited out", [*WINDOW, event(100), event(100.5)], (PENDING, 101.5, 0, 3, "")),
    ("an event delays nothing that is due sooner", [*WINDOW, event(899.5)], (PENDING, 900, 0, 2, "until Monday")),
    ("an approval is waited for without end", [*ATTEMPT, finish(2, APPROVAL), claim(99)], (APPROVAL, None, 0, 1, "")),
    ("an event wakes what waits for approval", [*ATTEMPT, finish(2, APPROVAL), event(100)], (PENDING, 101, 0, 2, "")),
    ("an event that came meanwhile wakes it too", [*ATTEMPT, event(2), finish(5, APPROVAL, "x")], (PENDING, 3, 0, 2, "")),
    ("one that is due later does not", [*ATTEMPT, event(2), finish(2, PENDING, "x", due=2.5)], (PENDING, 2.5, 0, 2, "x")),
    ("a request makes a retry due", [*RETRY, request(4, "api")], (PENDING, 4, 1, 1, "")),
    ("a request makes what waits for approval due", [*ATTEMPT, finish(2, APPROVAL), request(4)], (PENDING, 4, 0, 1, "")),
    ("a request without events is a job", [request(4, "api")], (PENDING, 4, 0, 0, "")),
    ("a failed job starts over", [*FAILED, retry(4)], (PENDING, 4, 0, 1, "")),
    ("a failed job that starts over joins an event", [*FAILED, event(3), retry(4)], (PENDING, 4, 0, 2, "")),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "expected"), [pytest.param(*row[1:], id=row[0]) for row in JOBS])
def test_the_job_that_has_not_begun(
    steps: Sequence[Step], expected: tuple[JobState, float | None, int, int, str]
) -> None:
    job = after(*steps).record.pending
    assert job
    due = None if job.due is None else (job.due - NOON).total_seconds()
    assert (job.state, due, job.attempts, job.event_count, job.reason) == expected


ACTIONS: Sequence[str | Ending] = [
    "a",
    "b",
    "c",
    "claim",
    "retry",
    *map(Ending, JobState),
    Ending(PENDING, is_retry=True),
]


@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from([0.0, 0.5, 40.0])), max_size=30))
def test_no_event_is_lost_whatever_happens(actions: Sequence[tuple[str | Ending, float]]) -> None:
    jobs, seconds, tags = Jobs(), 0.0, list[str]()
    for action, wait in actions:
        seconds += wait
        if isinstance(action, Ending):
            if jobs.record.running and action.state is not RUNNING:
                assert jobs.finish(jobs.record.running, replace(action, due=at(seconds)), seconds)
        elif action == "claim":
            jobs.claim(seconds)
        elif action == "retry":
            if jobs.ended:
                retry(seconds)(jobs)
        else:
            event(seconds, action)(jobs)
            tags.append(action)
    kept = [*jobs.record.jobs, *jobs.ended]
    assert sum(job.event_count for job in kept) == len(tags)
    assert {one.tag for job in kept for one in job.events} == set(tags)


def test_a_claimed_job_belongs_to_its_worker_while_the_lease_lasts() -> None:
    jobs = after(event(0))
    job = jobs.claim(1)
    assert job
    assert (job.state, job.attempts, job.worker, job.lease) == (RUNNING, 1, "w1", at(31))
    assert (jobs.record.pending, jobs.claim(30.9, "w2")) == (None, None)
    renewed = rules.renewed(jobs.record, job, at(20), LEASE)
    assert renewed
    assert (rules.claimed(renewed, "w2", at(49), LEASE), renewed.due) == (None, at(50))


def test_a_job_whose_lease_has_ended_is_taken_over_with_the_pending_one() -> None:
    jobs = after(event(0))
    lost = jobs.claim(1)
    assert lost
    event(2, "main-2")(jobs)
    assert jobs.record.due == at(31)
    taken = jobs.claim(31, "w2")
    assert taken
    assert (taken.id, taken.worker, taken.attempts, taken.event_count) == (lost.id, "w2", 2, 2)
    assert [one.tag for one in taken.events] == ["main-1", "main-2"]
    assert rules.renewed(jobs.record, lost, at(32), LEASE) is None
    assert not jobs.finish(lost, Ending(JobState.SUCCEEDED), 32)
    assert jobs.finish(taken, Ending(JobState.SUCCEEDED), 33)
    assert [(job.state, job.ended, job.due) for job in jobs.ended] == [(JobState.SUCCEEDED, at(33), None)]
    assert jobs.record == StackRecord()


def test_requested_pins_are_joined_and_the_older_job_is_kept() -> None:
    jobs = after(event(0), claim(1), request(2, "api", "web"), request(3, "web", "cron"))
    finish(4, PENDING, due=9)(jobs)
    job = jobs.record.pending
    assert job
    assert (job.id, job.created, job.requested_pins) == ("0", at(0), ("api", "web", "cron"))


def test_the_time_since_when_a_stack_is_busy_is_kept_until_an_attempt_finds_it_free() -> None:
    jobs, busy = after(event(0)), []
    for seconds, is_busy in [(1, True), (5, True), (9, False)]:
        job = jobs.claim(seconds)
        assert job
        assert jobs.finish(job, Ending(PENDING, due=at(seconds), busy=is_busy), seconds)
        busy.append(jobs.record.pending and jobs.record.pending.busy_since)
    assert busy == [at(1), at(1), None]


def sent(
    name: str, tag: str | None, path: str = "shop/app", host: str = "", pushed: datetime | None = None
) -> PushEvent:
    return PushEvent("acr", name, RepositoryHint(path, host), tag, pushed=pushed)


EVENTS = [
    # label, events as they come, names of those that are kept
    ("each tag once, its newest event", [sent("1", "a"), sent("2", "b"), sent("3", "a")], "2 3"),
    ("of each repository", [sent("1", "a"), sent("2", "a", "shop/web"), sent("3", "a", host="r.example.com")], "1 2 3"),
    ("an event that arrives late is not the newest", [sent("1", "a", pushed=at(9)), sent("2", "a", pushed=at(5))], "1"),
    ("and one of an unknown time is", [sent("1", "a", pushed=at(9)), sent("2", "a")], "2"),
]  # fmt: skip


@pytest.mark.parametrize(("events", "kept"), [pytest.param(*row[1:], id=row[0]) for row in EVENTS])
def test_which_events_a_job_keeps(events: Sequence[PushEvent], kept: str) -> None:
    assert " ".join(one.id for one in rules.merged(*events)) == kept


def test_of_many_tags_the_first_are_kept_as_their_repository() -> None:
    tags = [f"main-{number}" for number in range(MAX_TAGS + 3)]
    assert [one.tag for one in rules.merged(*(sent(tag, tag) for tag in tags))] == [None, *tags[3:]]


def test_a_proposal_that_stays_keeps_its_approval() -> None:
    record = rules.with_proposals(StackRecord(), [proposal("api", "t1"), proposal("web", "t2")])
    for token, by in [("t1", "ann"), ("t2", "ann"), ("t1", "bob")]:
        approved = rules.with_approval(record, token, by, at(5))
        assert approved
        record, one = approved
        assert (one.token, one.approved_by, one.approved) == (token, "ann", at(5)), "the first approval counts"
    record = rules.with_proposals(record, [proposal("api", "t1", proposed=at(9)), proposal("web", "t3")])
    assert [(one.token, one.approved_by, one.proposed) for one in record.proposals] == [
        ("t1", "ann", NOON),
        ("t3", "", NOON),
    ]
    assert rules.with_approval(record, "t2", "ann", at(6)) is None


CHANGE = PinChange(pin="api", from_tag="main-11", from_digest=A, to_tag="main-12", to_digest=B)
OTHER_CHANGES = [
    ("another stack", "test", CHANGE),
    ("another function", "prod", replace(CHANGE, pin="web")),
    ("from another digest", "prod", replace(CHANGE, from_digest=C)),
    ("from nothing", "prod", replace(CHANGE, from_digest=None)),
    ("to another digest", "prod", replace(CHANGE, to_digest=C)),
]


@pytest.mark.parametrize(("stack", "change"), [pytest.param(*row[1:], id=row[0]) for row in OTHER_CHANGES])
def test_an_approval_is_for_one_function_from_one_digest_to_one(stack: str, change: PinChange) -> None:
    assert approval_token("prod", CHANGE) == approval_token("prod", replace(CHANGE, to_tag="main-13"))
    assert approval_token("prod", CHANGE) != approval_token(stack, change)


def test_a_deployment_is_recorded_until_another_one_follows() -> None:
    assert not rules.is_recorded(deployment(), None)
    assert rules.is_recorded(deployment(at=at(60)), deployment())
    assert not rules.is_recorded(deployment(), deployment(to_digest=C))
