"""One contract over both stores: SQLite and a real Redis."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from fcpin.receiver.ledger import model
from fcpin.receiver.ledger.ledger import Ledger, redis_ledger, sqlite_ledger
from fcpin.receiver.ledger.model import Ending, Freeze, Job, JobState
from fcpin.receiver.ledger.rules import MAX_TAGS
from fcpin.receiver.push_event import PushEvent, RepositoryHint
from tests.receiver.samples import NOON, at, deployment, digest, proposal, push

DEBOUNCE, MAX_WAIT, LEASE = timedelta(seconds=1), timedelta(seconds=3), timedelta(seconds=30)
SUCCEEDED, FAILED = Ending(JobState.SUCCEEDED), Ending(JobState.FAILED, "no answer")

Open = Callable[[], Ledger]


@pytest.fixture(params=["sqlite", "redis"])
def open_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same ledger again and again, as processes do."""
    opened: list[Ledger] = []
    prefix = f"test-{uuid.uuid4().hex}"
    url = request.getfixturevalue("redis").url if request.param == "redis" else ""

    def open_it() -> Ledger:
        opened.append(redis_ledger(url, prefix) if url else sqlite_ledger(tmp_path / "ledger.sqlite"))
        return opened[-1]

    yield open_it
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: Open) -> Ledger:
    return open_ledger()


def add(ledger: Ledger, seconds: float, *stacks: str, **event: str) -> bool:
    """An event at NOON and *seconds*; False for a duplicate."""
    return ledger.add_event(push(**event), stacks or ("prod",), at(seconds), debounce=DEBOUNCE, max_wait=MAX_WAIT)


def claim(ledger: Ledger, seconds: float, worker: str = "w1") -> Job:
    job = ledger.claim("prod", worker, at(seconds), LEASE)
    assert job
    return job


def pending(ledger: Ledger) -> Job:
    (job,) = (job for job in ledger.jobs() if job.state in (JobState.PENDING, JobState.WAITING_FOR_APPROVAL))
    return job


def test_an_event_creates_a_job_that_is_due_when_the_burst_is_over(ledger: Ledger) -> None:
    assert add(ledger, 0, "prod", "test", "prod")
    assert add(ledger, 0.5, event="2")
    assert ledger.due_times() == {"prod": at(1.5), "test": at(1)}
    assert ledger.claim("prod", "w1", at(1.4), LEASE) is None
    assert claim(ledger, 1.5).event_count == 2


def test_a_burst_without_end_is_due_after_the_max_wait(ledger: Ledger) -> None:
    for number in range(10):
        add(ledger, number * 0.5, event=str(number))
    assert ledger.due_times() == {"prod": at(3)}


def test_a_duplicate_event_adds_nothing(ledger: Ledger) -> None:
    assert add(ledger, 0)
    assert not add(ledger, 0.5)
    assert [job.event_count for job in ledger.jobs()] == [1]


def test_each_tag_of_each_repository_is_kept_once(ledger: Ledger) -> None:
    for event, tag, path in [
        ("1", "a", "shop/app"),
        ("2", "b", "shop/app"),
        ("3", "a", "shop/app"),
        ("4", "a", "shop/web"),
    ]:
        add(ledger, 0, event=event, tag=tag, path=path)
    elsewhere = PushEvent("acr", "5", RepositoryHint("shop/app", "r.example.com"), "a")
    ledger.add_event(elsewhere, ["prod"], at(0), debounce=DEBOUNCE, max_wait=MAX_WAIT)
    assert [(one.id, one.tag) for one in claim(ledger, 1).events] == [("2", "b"), ("3", "a"), ("4", "a"), ("5", "a")]


def test_of_many_tags_the_first_are_kept_as_their_repository(ledger: Ledger) -> None:
    for number in range(MAX_TAGS + 3):
        add(ledger, 0, event=str(number), tag=f"main-{number}")
    job = claim(ledger, 1)
    assert job.event_count == MAX_TAGS + 3
    assert [one.tag for one in job.events] == [None, *(f"main-{number}" for number in range(3, MAX_TAGS + 3))]


def test_one_worker_has_a_stack_and_a_new_event_waits(ledger: Ledger) -> None:
    add(ledger, 0)
    job = claim(ledger, 1)
    assert (job.state, job.attempts, job.worker, job.lease) == (JobState.RUNNING, 1, "w1", at(31))
    add(ledger, 2, event="2")
    assert ledger.claim("prod", "w2", at(10), LEASE) is None
    assert {one.state for one in ledger.jobs()} == {JobState.RUNNING, JobState.PENDING}
    assert ledger.finish(job, SUCCEEDED, at(11))
    assert pending(ledger).due == at(3)
    assert claim(ledger, 12, "w2").events == (push(event="2"),)


def test_only_one_of_many_workers_gets_a_job(open_ledger: Open) -> None:
    ledgers = [open_ledger() for _ in range(4)]
    add(ledgers[0], 0)
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda n: ledgers[n % 4].claim("prod", f"w{n}", at(1), LEASE), range(32)))
    assert len([job for job in jobs if job]) == 1


def test_no_event_of_many_at_once_is_lost(open_ledger: Open) -> None:
    ledgers = [open_ledger() for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: add(ledgers[n % 4], 0, "a", "b", event=str(n)), range(100)))
    assert {job.stack: job.event_count for job in ledgers[0].jobs()} == {"a": 100, "b": 100}


def test_a_job_whose_lease_has_ended_is_taken_over_with_the_pending_one(ledger: Ledger) -> None:
    add(ledger, 0)
    lost = claim(ledger, 1)
    add(ledger, 2, event="2", tag="main-2")
    assert ledger.due_times() == {"prod": at(31)}
    taken = claim(ledger, 31, "w2")
    assert (taken.id, taken.worker, taken.attempts, taken.event_count) == (lost.id, "w2", 2, 2)
    assert [one.tag for one in taken.events] == ["main-1", "main-2"]
    assert not ledger.renew(lost, at(32), LEASE)
    assert not ledger.finish(lost, SUCCEEDED, at(32), [deployment()])
    assert ledger.deployments() == []
    assert ledger.jobs(stack="prod")[0].state is JobState.RUNNING


def test_a_renewed_lease_goes_on(ledger: Ledger) -> None:
    add(ledger, 0)
    job = claim(ledger, 1)
    assert ledger.renew(job, at(20), LEASE)
    assert ledger.claim("prod", "w2", at(40), LEASE) is None
    assert ledger.due_times() == {"prod": at(50)}


def test_a_retry_keeps_its_time_whatever_comes(ledger: Ledger) -> None:
    add(ledger, 0)
    job = claim(ledger, 1)
    add(ledger, 2, event="2")
    ledger.finish(job, Ending(JobState.PENDING, "no answer", at(60), is_retry=True), at(3))
    back = pending(ledger)
    assert (back.due, back.attempts, back.event_count, back.reason) == (at(60), 1, 2, "no answer")
    add(ledger, 4, event="3")
    assert ledger.due_times() == {"prod": at(60)}
    assert claim(ledger, 60).attempts == 2


def test_an_event_wakes_a_job_that_waits_for_a_window(ledger: Ledger) -> None:
    add(ledger, 0)
    ledger.finish(claim(ledger, 1), Ending(JobState.PENDING, "until Monday", at(900)), at(2))
    add(ledger, 100, event="2")
    assert ledger.due_times() == {"prod": at(101)}
    add(ledger, 100.5, event="3")
    assert ledger.due_times() == {"prod": at(101.5)}
    assert (claim(ledger, 101.5).attempts, claim(ledger, 200).attempts) == (1, 2)


def test_an_event_wakes_a_job_that_waits_for_approval(ledger: Ledger) -> None:
    add(ledger, 0)
    ledger.finish(claim(ledger, 1), Ending(JobState.WAITING_FOR_APPROVAL), at(2))
    assert ledger.due_times() == {}
    assert ledger.claim("prod", "w1", at(99), LEASE) is None
    add(ledger, 100, event="2")
    assert ledger.due_times() == {"prod": at(101)}
    assert claim(ledger, 101).event_count == 2


def test_a_job_that_is_put_back_joins_the_event_that_came_meanwhile(ledger: Ledger) -> None:
    add(ledger, 0)
    job = claim(ledger, 1)
    add(ledger, 2, event="2")
    ledger.finish(job, Ending(JobState.WAITING_FOR_APPROVAL, "two changes"), at(5))
    back = pending(ledger)
    assert (back.id, back.state, back.due, back.event_count) == (job.id, JobState.PENDING, at(3), 2)


def test_a_request_makes_the_pending_job_due(ledger: Ledger) -> None:
    add(ledger, 0)
    ledger.finish(claim(ledger, 1), Ending(JobState.PENDING, "", at(60), is_retry=True), at(2))
    job = ledger.request("prod", ["api", "web"], at(3))
    assert (job.requested_pins, job.due, job.event_count) == (("api", "web"), at(3), 1)
    assert ledger.request("prod", ["web", "cron"], at(4)).requested_pins == ("api", "web", "cron")
    assert ledger.request("test", ["api"], at(3)).event_count == 0


def test_a_failed_job_is_history_until_it_is_retried(ledger: Ledger) -> None:
    add(ledger, 0)
    failed = claim(ledger, 1)
    ledger.finish(failed, FAILED, at(2))
    assert ledger.due_times() == {}
    add(ledger, 3, event="2", tag="main-2")
    again = ledger.retry(failed.id, at(4))
    assert again
    assert (again.id, again.state, again.due, again.attempts, again.event_count) == (
        failed.id,
        JobState.PENDING,
        at(4),
        0,
        2,
    )
    assert ledger.retry(failed.id, at(5)) is None
    succeeded = claim(ledger, 5)
    ledger.finish(succeeded, SUCCEEDED, at(6))
    assert ledger.retry(succeeded.id, at(7)) is None
    assert [(job.state, job.ended) for job in ledger.jobs()] == [(JobState.SUCCEEDED, at(6))]


def test_jobs_that_have_not_ended_come_first_then_the_newest(ledger: Ledger) -> None:
    for number in range(3):
        add(ledger, number * 10, event=str(number))
        ledger.finish(claim(ledger, number * 10 + 1), Ending(JobState.SUCCEEDED, str(number)), at(number * 10 + 2))
    add(ledger, 50, "test", event="x")
    assert [(job.stack, job.reason) for job in ledger.jobs()] == [
        ("test", ""),
        ("prod", "2"),
        ("prod", "1"),
        ("prod", "0"),
    ]
    assert [job.reason for job in ledger.jobs(stack="prod", limit=2)] == ["2", "1"]


def test_old_jobs_and_their_logs_are_removed(ledger: Ledger) -> None:
    ids = []
    for number in range(model.KEEP_JOBS + 2):
        ids.append(ledger.request("prod", [], at(number)).id)
        ledger.append_log(ids[-1], "started")
        ledger.finish(claim(ledger, number), SUCCEEDED, at(number))
    assert [job.id for job in ledger.jobs(limit=1_000)] == ids[:1:-1]
    assert (ledger.log_lines(ids[2]), ledger.log_lines(ids[1])) == ([(1, "started")], [])


def test_lines_are_numbered_and_the_newest_are_kept(ledger: Ledger) -> None:
    for number in range(model.KEEP_LINES + 5):
        ledger.append_log("job", f"line {number + 1}")
    assert len(ledger.log_lines("job")) == model.KEEP_LINES
    assert ledger.log_lines("job")[0] == (6, "line 6")
    last = model.KEEP_LINES + 5
    assert ledger.log_lines("job", after=last - 1) == [(last, f"line {last}")]
    assert ledger.log_lines("another") == []


def test_deployments_come_newest_first_by_stack_and_pin(ledger: Ledger) -> None:
    add(ledger, 0)
    both = [deployment("api", at=at(2)), deployment("web", at=at(2))]
    ledger.finish(claim(ledger, 1), SUCCEEDED, at(2), both)
    assert ledger.record_deployment(deployment("api", to_digest=digest("c"), at=at(3)))
    assert ledger.record_deployment(deployment("api", to_digest=digest("c"), at=at(4), stack="test"))
    assert [(one.stack, one.pin) for one in ledger.deployments()] == [
        ("test", "api"),
        ("prod", "api"),
        ("prod", "web"),
        ("prod", "api"),
    ]
    assert [one.to_digest for one in ledger.deployments(stack="prod", pin="api")] == [digest("c"), digest("b")]
    assert len(ledger.deployments(limit=1)) == 1


def test_a_deployment_is_recorded_once(ledger: Ledger) -> None:
    assert ledger.record_deployment(deployment())
    assert not ledger.record_deployment(deployment(at=at(60)))
    assert ledger.record_deployment(deployment(to_digest=digest("c")))
    assert ledger.record_deployment(deployment(at=at(120)))


def test_an_approval_is_for_one_token_and_makes_the_job_due(ledger: Ledger) -> None:
    ledger.set_proposals("prod", [proposal("api", "t1"), proposal("web", "t2")])
    approved = ledger.approve("t1", "ann", at(5))
    assert approved
    assert (approved.approved_by, approved.approved) == ("ann", at(5))
    assert claim(ledger, 5).requested_pins == ("api",)
    assert [one.approved_by for one in ledger.proposals("prod")] == ["ann", ""]
    assert ledger.proposals("test") == []
    assert ledger.approve("t3", "ann", at(6)) is None


def test_a_proposal_that_stays_keeps_its_approval(ledger: Ledger) -> None:
    ledger.set_proposals("prod", [proposal("api", "t1"), proposal("web", "t2")])
    ledger.approve("t1", "ann", at(5))
    ledger.approve("t2", "ann", at(5))
    ledger.set_proposals("prod", [proposal("api", "t1"), proposal("web", "t3", to_digest=digest("c"))])
    assert {one.token: one.approved_by for one in ledger.proposals()} == {"t1": "ann", "t3": ""}
    assert ledger.approve("t2", "ann", at(6)) is None


def test_a_freeze_lasts_until_it_is_lifted(ledger: Ledger) -> None:
    assert ledger.current_freeze() is None
    freeze = Freeze("ann", "the sale", NOON)
    ledger.set_freeze(freeze)
    assert ledger.current_freeze() == freeze
    ledger.set_freeze(None)
    assert ledger.current_freeze() is None


def test_the_next_process_finds_everything(open_ledger: Open) -> None:
    first = open_ledger()
    event = push(digest=digest("a"), pushed=at(-2), received=at(-1))
    first.add_event(event, ["prod"], at(0), debounce=DEBOUNCE, max_wait=MAX_WAIT)
    first.put("report", {"functions": [1, 2]})
    first.set_proposals("prod", [proposal()])
    first.record_deployment(deployment())
    first.close()
    second = open_ledger()
    assert claim(second, 1).events == (event,)
    assert (second.get("report"), second.get("other")) == ({"functions": [1, 2]}, None)
    assert second.proposals() == [proposal()]
    assert second.deployments() == [deployment()]
    second.check_ready()
