"""One contract, two ledgers: SQLite and Debian's Redis."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from fcpin.receiver.ledger import limits
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Ending
from fcpin.receiver.ledger.model import Freeze, Job, Proposal, JobState, Deployment
from fcpin.receiver.ledger.ledger import redis_ledger
from fcpin.receiver.ledger.rules import MOST_TAGS
from fcpin.receiver.ledger.ledger import sqlite_ledger
from fcpin.receiver.push_event import RepositoryHint
from tests.receiver.samples import NOON, at, digest, push

QUIET, AT_MOST, LEASE = timedelta(seconds=1), timedelta(seconds=3), timedelta(seconds=30)
DONE, DEAD = Ending(JobState.SUCCEEDED), Ending(JobState.FAILED, "it did not work")

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


def receive(ledger: Ledger, seconds: float = 0, *stacks: str, **told: str) -> None:
    ledger.add_event(push(**told), stacks or ("prod",), at(seconds), debounce=QUIET, max_wait=AT_MOST)


def claim(ledger: Ledger, seconds: float, worker: str = "w1") -> Job:
    job = ledger.claim("prod", worker, at(seconds), LEASE)
    assert job
    return job


def proposal(token: str, pin: str = "api", to: str = "b") -> Proposal:
    return Proposal(token, "prod", pin, "main-1", digest("a"), "main-2", digest(to), at(0))


def deployment(to: str = "b", pin: str = "api", seconds: float = 0, stack: str = "prod") -> Deployment:
    return Deployment(
        stack,
        pin,
        f"shop-{pin}",
        "cn-hangzhou",
        "r.example.com/shop/app",
        "main-1",
        digest("a"),
        "main-2",
        digest(to),
        at(seconds),
    )


def test_a_push_makes_a_job_that_is_due_when_the_burst_is_over(ledger: Ledger) -> None:
    first = ledger.add_event(push(event="1"), ["prod", "test"], at(0), debounce=QUIET, max_wait=AT_MOST)
    assert (first.new, first.stacks_to_wake) == (True, {"prod": at(1), "test": at(1)})
    second = ledger.add_event(push(event="2"), ["prod"], at(0.5), debounce=QUIET, max_wait=AT_MOST)
    assert (second.new, second.stacks_to_wake) == (True, {})
    assert ledger.due_times() == {"prod": at(1.5), "test": at(1)}
    assert ledger.claim("prod", "w1", at(1.4), LEASE) is None
    assert claim(ledger, 1.5).count == 2


def test_a_burst_without_end_waits_no_longer_than_at_most(ledger: Ledger) -> None:
    for number in range(10):
        receive(ledger, number * 0.5, event=str(number))
    assert ledger.due_times() == {"prod": at(3)}


def test_an_event_that_is_told_twice_adds_nothing(ledger: Ledger) -> None:
    receive(ledger, 0)
    again = ledger.add_event(push(), ["prod"], at(0.5), debounce=QUIET, max_wait=AT_MOST)
    assert not again.new
    assert [job.event_count for job in ledger.jobs()] == [1]


def test_each_tag_of_each_repository_is_kept_once(ledger: Ledger) -> None:
    for event, tag, path in [
        ("1", "a", "shop/app"),
        ("2", "b", "shop/app"),
        ("3", "a", "shop/app"),
        ("4", "a", "shop/web"),
    ]:
        receive(ledger, 0, event=event, tag=tag, path=path)
    assert [(one.event, one.tag) for one in claim(ledger, 1).pushes] == [("2", "b"), ("3", "a"), ("4", "a")]


def test_of_many_tags_the_first_are_kept_as_their_repository(ledger: Ledger) -> None:
    for number in range(MOST_TAGS + 3):
        receive(ledger, 0, event=str(number), tag=f"main-{number}")
    job = claim(ledger, 1)
    assert job.event_count == MOST_TAGS + 3
    assert [one.tag for one in job.events] == [None, *(f"main-{number}" for number in range(3, MOST_TAGS + 3))]


def test_one_worker_has_a_stack_and_what_comes_meanwhile_waits(ledger: Ledger) -> None:
    receive(ledger, 0)
    job = claim(ledger, 1)
    assert (job.state, job.attempts, job.worker, job.lease) == (JobState.RUNNING, 1, "w1", at(31))
    receive(ledger, 2, event="2")
    assert ledger.claim("prod", "w2", at(10), LEASE) is None
    assert {one.state for one in ledger.jobs()} == {JobState.RUNNING, JobState.PENDING}
    waiting = ledger.finish(job, DONE, at(11))
    assert waiting
    assert waiting.due == at(3)
    assert claim(ledger, 12, "w2").pushes == (push(event="2"),)


def test_only_one_of_many_workers_gets_a_job(open_ledger: Open) -> None:
    ledgers = [open_ledger() for _ in range(4)]
    receive(ledgers[0], 0)
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda n: ledgers[n % 4].claim("prod", f"w{n}", at(1), LEASE), range(32)))
    assert len([job for job in jobs if job]) == 1


def test_no_push_of_many_at_once_is_lost(open_ledger: Open) -> None:
    ledgers = [open_ledger() for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: receive(ledgers[n % 4], 0, "a", "b", event=str(n)), range(100)))
    assert {job.stack: job.event_count for job in ledgers[0].jobs()} == {"a": 100, "b": 100}


def test_a_job_whose_lease_has_ended_is_taken_over_with_what_waits(ledger: Ledger) -> None:
    receive(ledger, 0)
    lost = claim(ledger, 1)
    receive(ledger, 2, event="2", tag="main-2")
    assert ledger.due_times() == {"prod": at(31)}
    taken = claim(ledger, 31, "w2")
    assert (taken.id, taken.worker, taken.attempts, taken.count) == (lost.id, "w2", 2, 2)
    assert [one.tag for one in taken.pushes] == ["main-1", "main-2"]
    assert not ledger.renew(lost, at(32), LEASE)
    assert ledger.finish(lost, DONE, at(32), [deployment()]) is None
    assert ledger.deployments() == []
    assert ledger.jobs(stack="prod")[0].state is JobState.RUNNING


def test_a_lease_that_is_renewed_goes_on(ledger: Ledger) -> None:
    receive(ledger, 0)
    job = claim(ledger, 1)
    assert ledger.renew(job, at(20), LEASE)
    assert ledger.claim("prod", "w2", at(40), LEASE) is None
    assert ledger.due_times() == {"prod": at(50)}


def test_a_failed_attempt_keeps_its_time_whatever_comes(ledger: Ledger) -> None:
    receive(ledger, 0)
    job = claim(ledger, 1)
    receive(ledger, 2, event="2")
    back = ledger.finish(job, Ending(JobState.PENDING, "no answer", at(60), failed=True), at(3))
    assert back
    assert (back.due, back.attempts, back.count, back.reason) == (at(60), 1, 2, "no answer")
    received = ledger.add_event(push(event="3"), ["prod"], at(4), debounce=QUIET, max_wait=AT_MOST)
    assert received.stacks_to_wake == {}
    assert claim(ledger, 60).attempts == 2


def test_a_push_wakes_a_job_that_waits_for_a_window(ledger: Ledger) -> None:
    receive(ledger, 0)
    ledger.finish(claim(ledger, 1), Ending(JobState.PENDING, "until Monday", at(900)), at(2))
    received = ledger.add_event(push(event="2"), ["prod"], at(100), debounce=QUIET, max_wait=AT_MOST)
    assert received.stacks_to_wake == {"prod": at(101)}
    later = ledger.add_event(push(event="3"), ["prod"], at(100.5), debounce=QUIET, max_wait=AT_MOST)
    assert later.stacks_to_wake == {}
    assert ledger.due_times() == {"prod": at(101.5)}
    assert (claim(ledger, 101.5).attempts, claim(ledger, 200).attempts) == (1, 2)


def test_a_push_wakes_a_job_that_waits_for_an_approval(ledger: Ledger) -> None:
    receive(ledger, 0)
    assert ledger.finish(claim(ledger, 1), Ending(JobState.WAITING_FOR_APPROVAL), at(2)) is not None
    assert ledger.due_times() == {}
    assert ledger.claim("prod", "w1", at(99), LEASE) is None
    received = ledger.add_event(push(event="2"), ["prod"], at(100), debounce=QUIET, max_wait=AT_MOST)
    assert received.stacks_to_wake == {"prod": at(101)}
    assert claim(ledger, 101).count == 2


def test_what_is_put_back_goes_on_with_the_push_that_came_meanwhile(ledger: Ledger) -> None:
    receive(ledger, 0)
    job = claim(ledger, 1)
    receive(ledger, 2, event="2")
    back = ledger.finish(job, Ending(JobState.WAITING_FOR_APPROVAL, "two changes"), at(5))
    assert back
    assert (back.id, back.state, back.due, back.count) == (job.id, JobState.PENDING, at(3), 2)


def test_whoever_asks_makes_the_job_due_that_waits(ledger: Ledger) -> None:
    receive(ledger, 0)
    ledger.finish(claim(ledger, 1), Ending(JobState.PENDING, "", at(60), failed=True), at(2))
    job = ledger.request("prod", ["api", "web"], at(3))
    assert (job.requested_pins, job.due, job.event_count) == (("api", "web"), at(3), 1)
    assert ledger.request("prod", ["web", "cron"], at(4)).requested_pins == ("api", "web", "cron")
    assert ledger.request("test", ["api"], at(3)).count == 0


def test_what_has_ended_is_history_and_a_dead_job_may_be_tried_again(ledger: Ledger) -> None:
    receive(ledger, 0)
    dead = claim(ledger, 1)
    assert ledger.finish(dead, DEAD, at(2)) is None
    receive(ledger, 3, event="2", tag="main-2")
    again = ledger.retry(dead.id, at(4))
    assert again
    assert (again.id, again.state, again.due, again.attempts, again.count) == (dead.id, JobState.PENDING, at(4), 0, 2)
    assert ledger.retry(dead.id, at(5)) is None
    done = claim(ledger, 5)
    ledger.finish(done, DONE, at(6))
    assert ledger.retry(done.id, at(7)) is None
    assert [(job.state, job.ended) for job in ledger.jobs()] == [(JobState.SUCCEEDED, at(6))]


def test_jobs_come_live_first_and_then_newest_first(ledger: Ledger) -> None:
    for number in range(3):
        receive(ledger, number * 10, event=str(number))
        ledger.finish(claim(ledger, number * 10 + 1), Ending(JobState.SUCCEEDED, str(number)), at(number * 10 + 2))
    receive(ledger, 50, "test", event="x")
    assert [(job.stack, job.reason) for job in ledger.jobs()] == [
        ("test", ""),
        ("prod", "2"),
        ("prod", "1"),
        ("prod", "0"),
    ]
    assert [job.reason for job in ledger.jobs(stack="prod", limit=2)] == ["2", "1"]


def test_old_history_makes_room(ledger: Ledger) -> None:
    for number in range(limits.JOBS + 2):
        job = ledger.request("prod", [], at(number))
        ledger.append_log(job.id, "begun")
        ledger.finish(claim(ledger, number), DONE, at(number))
    jobs = ledger.jobs(limit=1_000)
    assert len(jobs) == limits.JOBS
    assert ledger.log_lines(jobs[-1].id) == [(1, "begun")]


def test_progress_is_numbered_and_its_newest_lines_are_kept(ledger: Ledger) -> None:
    for number in range(limits.LINES + 5):
        ledger.append_log("job", f"line {number + 1}")
    assert len(ledger.log_lines("job")) == limits.LINES
    assert ledger.log_lines("job")[0] == (6, "line 6")
    assert ledger.log_lines("job", after=limits.LINES + 4) == [(limits.LINES + 5, f"line {limits.LINES + 5}")]
    assert ledger.log_lines("another") == []


def test_transitions_are_told_newest_first_by_stack_and_pin(ledger: Ledger) -> None:
    receive(ledger, 0)
    ledger.finish(claim(ledger, 1), DONE, at(2), [deployment("b", "api", 2), deployment("b", "web", 2)])
    assert ledger.record_deployment(deployment("c", "api", 3))
    assert ledger.record_deployment(deployment("c", "api", 4, stack="test"))
    assert [(one.stack, one.pin) for one in ledger.deployments()] == [
        ("test", "api"),
        ("prod", "api"),
        ("prod", "web"),
        ("prod", "api"),
    ]
    assert [one.to_digest for one in ledger.deployments(stack="prod", pin="api")] == [digest("c"), digest("b")]
    assert len(ledger.deployments(limit=1)) == 1


def test_a_transition_is_noted_once(ledger: Ledger) -> None:
    assert ledger.record_deployment(deployment("b"))
    assert not ledger.record_deployment(deployment("b", seconds=60))
    assert ledger.record_deployment(deployment("c"))
    assert ledger.record_deployment(deployment("b", seconds=120))


def test_an_approval_is_for_one_token_and_makes_the_stack_due(ledger: Ledger) -> None:
    ledger.set_proposals("prod", [proposal("t1"), proposal("t2", "web")])
    approved = ledger.approve("t1", "ann", at(5))
    assert approved
    assert (approved.approved_by, approved.approved) == ("ann", at(5))
    assert claim(ledger, 5).requested_pins == ("api",)
    assert [one.approved_by for one in ledger.proposals("prod")] == ["ann", ""]
    assert ledger.proposals("test") == []
    assert ledger.approve("t3", "ann", at(6)) is None


def test_a_new_proposal_takes_the_place_of_the_old_one_and_an_equal_one_keeps_its_approval(ledger: Ledger) -> None:
    ledger.set_proposals("prod", [proposal("t1"), proposal("t2", "web")])
    ledger.approve("t1", "ann", at(5))
    ledger.approve("t2", "ann", at(5))
    ledger.set_proposals("prod", [proposal("t1"), proposal("t3", "web", "c")])
    assert {one.token: one.approved_by for one in ledger.proposals()} == {"t1": "ann", "t3": ""}
    assert ledger.approve("t2", "ann", at(6)) is None


def test_a_freeze_holds_until_it_is_lifted(ledger: Ledger) -> None:
    assert ledger.current_freeze() is None
    freeze = Freeze("ann", "the sale", NOON)
    ledger.set_freeze(freeze)
    assert ledger.current_freeze() == freeze
    ledger.set_freeze(None)
    assert ledger.current_freeze() is None


def test_everything_is_there_for_the_next_process(open_ledger: Open) -> None:
    first = open_ledger()
    told = push(digest=digest("a"), pushed=at(-2), received=at(-1), path="shop/app")
    first.receive(told, ["prod"], at(0), quiet=QUIET, at_most=AT_MOST)
    first.put("survey", {"functions": [1, 2]})
    first.propose("prod", [proposal("t1")])
    first.note(deployment())
    first.close()
    second = open_ledger()
    assert claim(second, 1).pushes == (told,)
    assert (second.get("survey"), second.get("other")) == ({"functions": [1, 2]}, None)
    assert second.proposals() == [proposal("t1")]
    assert second.deployments() == [deployment()]
    second.ready()


def test_places_that_look_alike_are_kept_apart(ledger: Ledger) -> None:
    for event, host in [("1", "r.example.com"), ("2", "")]:
        told = push(event=event)
        ledger.add_event(
            type(told)("acr", event, RepositoryHint("shop/app", host), "main-1"), ["prod"], at(0), quiet=QUIET, at_most=AT_MOST
        )
    assert [one.repository.host for one in claim(ledger, 1).pushes] == ["r.example.com", ""]
