"""What both stores keep, and in which order they return it. What becomes of a job is in test_rules."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from fcpin.receiver.ledger import model
from fcpin.receiver.ledger.ledger import Ledger, redis_ledger, sqlite_ledger
from fcpin.receiver.ledger.model import Ending, Freeze, Job, JobState
from tests.receiver.samples import NOON, at, deployment, digest, proposal, push

DEBOUNCE, MAX_WAIT, LEASE = timedelta(seconds=1), timedelta(seconds=3), timedelta(seconds=30)
Open: TypeAlias = Callable[[], Ledger]
SUCCEEDED, FAILED = Ending(JobState.SUCCEEDED), Ending(JobState.FAILED, "no answer")


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


def test_an_event_joins_the_job_of_each_stack_once(ledger: Ledger) -> None:
    assert add(ledger, 0, "prod", "test", "prod")
    assert not add(ledger, 0.5, "prod", "test")
    assert add(ledger, 0.5, event="2")
    assert ledger.due_times() == {"prod": at(1.5), "test": at(1)}
    assert {job.stack: job.event_count for job in ledger.jobs()} == {"prod": 2, "test": 1}


def test_many_at_once_lose_no_event_and_share_no_job(open_ledger: Open) -> None:
    ledgers = [open_ledger() for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: add(ledgers[n % 4], 0, "prod", "test", event=str(n)), range(40)))
        jobs = list(pool.map(lambda n: ledgers[n % 4].claim("prod", f"w{n}", at(9), LEASE), range(16)))
    assert {job.stack: job.event_count for job in ledgers[0].jobs()} == {"prod": 40, "test": 40}
    assert len([job for job in jobs if job]) == 1


def test_a_worker_that_lost_its_lease_writes_nothing(ledger: Ledger) -> None:
    add(ledger, 0)
    lost = claim(ledger, 1)
    assert ledger.renew(lost, at(20), LEASE)
    assert ledger.claim("prod", "w2", at(49), LEASE) is None
    taken = claim(ledger, 50, "w2")
    assert not ledger.renew(lost, at(51), LEASE)
    assert not ledger.finish(lost, SUCCEEDED, at(51), [deployment()])
    assert (list(ledger.jobs()), ledger.deployments()) == ([taken], [])


def test_a_failed_job_is_history_until_it_is_retried(ledger: Ledger) -> None:
    add(ledger, 0)
    failed = claim(ledger, 1)
    ledger.finish(failed, FAILED, at(2))
    assert ledger.due_times() == {}
    again = ledger.retry(failed.id, at(4))
    assert again
    assert ledger.retry(failed.id, at(5)) is None
    assert list(ledger.jobs()) == [again]
    succeeded = claim(ledger, 5)
    ledger.finish(succeeded, SUCCEEDED, at(6))
    assert ledger.retry(succeeded.id, at(7)) is None


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
        if number < 3:
            ledger.append_log(ids[-1], "started")
        ledger.finish(claim(ledger, number), SUCCEEDED, at(number))
    assert [job.id for job in ledger.jobs(limit=1_000)] == ids[:1:-1]
    assert (ledger.log_lines(ids[2]), ledger.log_lines(ids[1])) == ([(1, "started")], [])


def test_lines_are_numbered_and_the_newest_are_kept(ledger: Ledger) -> None:
    last = model.KEEP_LINES + 2
    for number in range(last):
        ledger.append_log("job", f"line {number + 1}")
    assert len(ledger.log_lines("job")) == model.KEEP_LINES
    assert ledger.log_lines("job")[0] == (3, "line 3")
    assert ledger.log_lines("job", after=last - 1) == [(last, f"line {last}")]
    assert ledger.log_lines("another") == []


def test_deployments_come_newest_first_by_stack_and_pin_and_once(ledger: Ledger) -> None:
    add(ledger, 0)
    ledger.finish(claim(ledger, 1), SUCCEEDED, at(2), [deployment("api", at=at(2)), deployment("web", at=at(2))])
    assert ledger.record_deployment(deployment("api", to_digest=digest("c"), at=at(3)))
    assert not ledger.record_deployment(deployment("api", to_digest=digest("c"), at=at(4)))
    assert ledger.record_deployment(deployment("api", to_digest=digest("c"), at=at(4), stack="test"))
    found = [(one.stack, one.pin, one.at) for one in ledger.deployments()]
    assert found == [("test", "api", at(4)), ("prod", "api", at(3)), ("prod", "web", at(2)), ("prod", "api", at(2))]
    assert [one.to_digest for one in ledger.deployments(stack="prod", pin="api")] == [digest("c"), digest("b")]
    assert len(ledger.deployments(limit=1)) == 1


def test_an_approval_is_for_one_token_and_makes_the_job_due(ledger: Ledger) -> None:
    ledger.set_proposals("prod", [proposal("api", "t1"), proposal("web", "t2")])
    approved = ledger.approve("t1", "ann", at(5))
    assert approved
    assert (approved.approved_by, approved.approved) == ("ann", at(5))
    assert claim(ledger, 5).requested_pins == ("api",)
    assert [one.approved_by for one in ledger.proposals("prod")] == ["ann", ""]
    assert ledger.proposals("test") == []
    assert ledger.approve("t3", "ann", at(6)) is None


def test_the_next_process_finds_everything(open_ledger: Open) -> None:
    first = open_ledger()
    event, freeze = push(digest=digest("a"), pushed=at(-2), received=at(-1)), Freeze("ann", "the sale", NOON)
    first.add_event(event, ["prod"], at(0), debounce=DEBOUNCE, max_wait=MAX_WAIT)
    first.put("report", {"functions": [1, 2]})
    first.set_proposals("prod", [proposal()])
    first.record_deployment(deployment())
    assert first.current_freeze() is None
    first.set_freeze(freeze)
    first.close()
    second = open_ledger()
    assert not second.add_event(event, ["prod"], at(0), debounce=DEBOUNCE, max_wait=MAX_WAIT)
    assert claim(second, 1).events == (event,)
    assert (second.get("report"), second.get("other")) == ({"functions": [1, 2]}, None)
    assert (second.proposals(), second.deployments()) == ([proposal()], [deployment()])
    assert second.current_freeze() == freeze
    second.set_freeze(None)
    assert second.current_freeze() is None
    second.check_ready()
