"""A worker, from the claim to the end of a job: what it deploys, leaves for later, retries, or gives up."""

import threading
from datetime import datetime, timedelta
from datetime import time as clock_time
from zoneinfo import ZoneInfo

import pytest

from fcpin.errors import FunctionDenied, RegistryUnavailable, StackError
from fcpin.image import Digest
from fcpin.receiver.errors import ConvergenceFailed, Interrupted, StackBusy
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Ending, Freeze, Job, JobState
from fcpin.receiver.settings.model import Mode, Outages, Window
from fcpin.receiver.work.attempt import Attempt, LeaseLost
from fcpin.receiver.work.worker import Heartbeat
from tests.receiver.pins import A, B, pin
from tests.receiver.samples import NOON, deployment, digest
from tests.receiver.work.conftest import WorkHarness

C = digest("c")
NIGHT = Window(start=clock_time(1), end=clock_time(5), zone=ZoneInfo("Asia/Shanghai"))
SUCCEEDED, FAILED, PENDING = JobState.SUCCEEDED, JobState.FAILED, JobState.PENDING
APPROVAL = JobState.WAITING_FOR_APPROVAL


# What is deployed


def test_an_event_is_deployed_by_one_process_and_recorded_by_another(work: WorkHarness) -> None:
    work.index.read_all()
    work.converger.calls.clear()
    work.receives()
    job = work.works(after=4)
    assert (job.state, work.runs, work.converger.calls) == (SUCCEEDED, "main-12", ["up", "pins"])
    assert work.ledger.log_lines(job.id) == [(1, "api: main-11 => main-12")]
    assert work.events.lines == ["started 1", "deployed api main-12", "ended succeeded"]
    [one] = work.ledger.deployments()
    assert (one.from_tag, one.from_digest, one.to_tag, one.to_digest) == ("main-11", A, "main-12", B)
    assert (one.job, one.exposed_seconds, one.function_name) == (job.id, 4, "api-dev")


def test_pins_are_read_again_when_the_history_has_a_later_deployment(work: WorkHarness) -> None:
    work.index.read_all()
    work.converger.deploy("prod", work.change("main-12", B))
    work.ledger.record_deployment(deployment("api"))
    work.receives("main-13", C)
    work.works()
    [one, _] = work.ledger.deployments()
    assert (one.from_tag, one.from_digest, one.to_tag) == ("main-12", B, "main-13")


def test_a_requested_pin_that_the_index_does_not_have_is_read_and_converged(work: WorkHarness) -> None:
    work.index.read_all()
    work.converger.has("prod", pin("new", "r.example.com/shop/new"))
    work.converger.newest("prod", "new", "main-12", B)
    work.requests("new")
    assert (work.works().state, work.converger.ups) == (SUCCEEDED, [("prod", ("new",))])
    assert work.ledger.deployments()[0].exposed_seconds is None


def test_only_the_pins_that_are_concerned_are_deployed(work: WorkHarness) -> None:
    old = pin("old", policy={"policy": {"family": {"name": "old"}}})
    work.converger.has("prod", pin("web", "r.example.com/shop/web"), old)
    work.receives()
    work.works()
    work.receives("another-1", newest=False)
    assert work.works().reason == "no pin of the stack is affected"
    assert work.converger.ups == [("prod", ("api",))]


# Failures

ENDINGS = [
    # label, what the converger raises, how the job is left, attempts that count, reason
    ("the engine fails", ConvergenceFailed("no answer"), PENDING, 1, "no answer"),
    ("the state cannot be read", StackError("locked"), PENDING, 1, "locked"),
    ("a registry is unavailable", RegistryUnavailable("502"), PENDING, 1, "502"),
    ("a defect", ZeroDivisionError("by zero"), PENDING, 1, "unexpected ZeroDivisionError"),
    ("a permission is missing", FunctionDenied("no fc:UpdateFunction"), FAILED, 1, "no fc:UpdateFunction"),
    ("another run has the stack", StackBusy("locked by another run"), PENDING, 0, "locked by another run"),
    ("the receiver stops", Interrupted("the receiver stops"), PENDING, 0, "the receiver stops"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "state", "attempts", "reason"), [pytest.param(*row[1:], id=row[0]) for row in ENDINGS]
)
def test_what_may_pass_is_retried(
    work: WorkHarness, error: Exception, state: JobState, attempts: int, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    work.receives()
    work.converger.fails_next(error)
    job = work.works()
    assert (job.state, job.attempts) == (state, attempts)
    assert reason in job.reason
    assert any(record.exc_info for record in caplog.records) is isinstance(error, ZeroDivisionError)


def test_each_retry_waits_longer_until_the_job_fails(work: WorkHarness) -> None:
    work.receives()
    work.converger.fails_next(*(ConvergenceFailed(f"no answer, {number}") for number in range(3)))
    assert work.works().due == NOON + timedelta(seconds=5)
    assert work.works(after=5).due == NOON + timedelta(seconds=15)
    failed = work.works(after=10)
    assert (failed.state, failed.reason) == (FAILED, "no answer, 2")
    assert work.ledger.retry(failed.id, work.clock.now())
    assert (work.works().state, work.runs) == (SUCCEEDED, "main-12")


def test_a_stack_that_stays_busy_counts_as_a_failure(work: WorkHarness) -> None:
    """A person's `up` is waited for; a lock that was left behind a person has to remove."""
    work.receives()
    work.converger.fails_next(*[StackBusy("locked by pid 7")] * 6)
    assert [work.works(after=seconds).attempts for seconds in (0, 60, 839)] == [0, 0, 0]
    assert [work.works(after=seconds).attempts for seconds in (60, 5)] == [1, 2]
    failed = work.works(after=10)
    assert (failed.state, failed.reason) == (FAILED, "locked by pid 7")


def test_what_was_deployed_before_a_failure_is_recorded_once(work: WorkHarness) -> None:
    def fail() -> None:
        work.converger.deploy("prod", work.change())
        raise ConvergenceFailed("another pin failed")

    work.receives()
    work.converger.meanwhile = fail
    assert work.works().state is PENDING
    work.converger.meanwhile = lambda: None
    assert work.works(after=5).state is SUCCEEDED
    assert len(work.ledger.deployments()) == 1


def test_a_stack_that_is_no_longer_configured_fails(work: WorkHarness) -> None:
    work.receives()
    work.stacks.clear()
    assert "no stack prod" in work.works().reason


# Workers that are killed or suspended


def test_what_a_killed_worker_deployed_is_recorded_by_the_next(work: WorkHarness) -> None:
    work.receives()
    assert work.claims("killed")
    work.converger.deploy("prod", work.change())
    assert (work.works(after=30).state, work.runs) == (SUCCEEDED, "main-12")
    [one] = work.ledger.deployments()
    assert (one.from_digest, one.to_digest, one.exposed_seconds) == (A, B, 30)


def test_a_job_that_kills_its_worker_each_time_fails(work: WorkHarness) -> None:
    work.receives()
    for _ in range(3):
        assert work.claims("killed")
        work.clock.advance(30)
    job = work.works()
    assert (job.state, work.runs) == (FAILED, "")
    assert job.reason == "gave up after 3 attempts: the worker process died; see the receiver's log"


def test_a_job_that_was_taken_over_meanwhile_is_left_to_the_other(work: WorkHarness) -> None:
    def suspend() -> None:
        work.clock.advance(31)
        assert work.claims("other")

    work.receives()
    work.converger.meanwhile = suspend
    job = work.works()
    assert (job.state, job.worker) == (JobState.RUNNING, "other")
    assert (work.ledger.deployments(), work.events.lines) == ([], ["started 1"])


def test_a_lost_lease_deploys_nothing(work: WorkHarness) -> None:
    work.receives()
    job = work.claims("suspended")
    assert job
    settings = work.stacks["prod"]
    with pytest.raises(LeaseLost):
        Attempt(job, settings, work.ledger, work.converger, work.index, work.clock, is_lost=lambda: True)()
    assert work.converger.ups == []


def test_a_heartbeat_renews_the_lease_until_another_worker_has_the_job(work: WorkHarness) -> None:
    class Renewed(Ledger):
        beats = threading.Event()

        def renew(self, job: Job, now: datetime, lease: timedelta) -> bool:
            renewed = super().renew(job, now, lease)
            self.beats.set()
            return renewed

    ledger, lease = Renewed(work.store), timedelta(seconds=0.03)
    work.receives()
    job = ledger.claim("prod", "w", work.clock.now(), lease)
    assert job
    work.clock.advance(0.02)
    with Heartbeat(ledger, job, work.clock, lease) as heartbeat:
        assert ledger.beats.wait(5)
        assert (heartbeat.lost.is_set(), ledger.jobs()[0].lease) == (False, work.clock.now() + lease)
        ledger.finish(job, Ending(PENDING, due=work.clock.now()), work.clock.now())
        assert work.claims("other")
        assert heartbeat.lost.wait(5)


# Freeze and windows


def test_nothing_is_deployed_during_a_freeze(work: WorkHarness) -> None:
    work.ledger.set_freeze(Freeze("ann", "the sale", NOON))
    work.receives("main-11", B)
    job = work.works()
    assert (job.state, job.reason, job.attempts) == (PENDING, "frozen by ann: the sale", 0)
    assert (job.due, work.runs) == (NOON + timedelta(minutes=1), "")
    work.ledger.set_freeze(None)
    assert (work.works(after=60).state, work.runs) == (SUCCEEDED, "main-11")


def test_a_freeze_at_the_last_moment_holds_back_too(work: WorkHarness) -> None:
    work.has(mode=Mode.APPROVE)
    work.receives()
    work.works()
    work.approves()
    work.ledger.set_freeze(Freeze("bob", "the sale", NOON))
    assert (work.works().reason, work.runs) == ("frozen by bob: the sale", "")


def test_a_new_image_waits_for_the_window(work: WorkHarness) -> None:
    work.has(windows=[NIGHT])
    work.receives()
    job = work.works()
    assert (job.state, work.runs) == (PENDING, "")
    assert job.reason == "outside the deploy windows until Tue 2026-11-24 01:00 Asia/Shanghai"
    assert work.works(after=5 * 3600).state is SUCCEEDED


MOVES = [
    # label, outages, tag and digest of the event, what the policy selects, what is deployed
    ("a deployed tag that moved is healed at once", Outages.HEAL, "main-11", B, "main-11", B, "main-11"),
    ("unless it is to wait", Outages.WAIT, "main-11", B, "main-11", B, ""),
    ("another tag waits", Outages.HEAL, "main-12", B, "main-12", B, ""),
    ("the same digest pushed again is no outage", Outages.HEAL, "main-11", A, "main-12", B, ""),
    ("without a digest a preview decides: it moved", Outages.HEAL, "main-11", None, "main-11", B, "main-11"),
    ("without a digest a preview decides: another tag", Outages.HEAL, "main-11", None, "main-12", B, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("outages", "tag", "digest", "newest", "its", "runs"), [pytest.param(*row[1:], id=row[0]) for row in MOVES]
)
def test_outside_the_windows(
    work: WorkHarness, outages: Outages, tag: str, digest: Digest | None, newest: str, its: Digest, runs: str
) -> None:
    work.has(windows=[NIGHT], outages=outages)
    work.receives(tag, digest, newest=False)
    work.converger.newest("prod", "api", newest, its)
    assert work.works().state is (SUCCEEDED if runs else PENDING)
    assert work.runs == runs


def test_an_outage_is_healed_while_another_image_waits_for_the_window(work: WorkHarness) -> None:
    work.has(windows=[NIGHT])
    work.converger.has("prod", pin("web"), pin("job", tag="main-10"))
    work.receives("main-11", B)
    job = work.works()
    assert (job.state, work.converger.ups) == (PENDING, [("prod", ("api", "web"))])


# Approvals


@pytest.fixture
def approving(work: WorkHarness) -> WorkHarness:
    """`api` has a change that waits for approval."""
    work.has(mode=Mode.APPROVE)
    work.receives()
    job = work.works()
    assert (job.state, job.due, job.reason) == (APPROVAL, None, "waiting for approval: api")
    assert work.proposed == [("api", "main-12", B)]
    return work


def test_a_change_waits_until_it_is_approved(approving: WorkHarness) -> None:
    approving.approves()
    assert (approving.works().state, approving.runs, approving.proposed) == (SUCCEEDED, "main-12", [])
    assert approving.events.lines.count("proposed api main-12") == 1
    approving.receives(newest=False)
    assert (approving.works().state, approving.proposed) == (SUCCEEDED, []), "what changes nothing is not proposed"


def test_a_push_after_the_proposal_is_proposed_again(approving: WorkHarness) -> None:
    [before] = approving.ledger.proposals()
    approving.receives("main-12", C)
    assert approving.works().state is APPROVAL
    assert approving.proposed == [("api", "main-12", C)]
    assert approving.ledger.approve(before.token, "ann", approving.clock.now()) is None


def test_a_push_between_approval_and_deployment_is_proposed_again(approving: WorkHarness) -> None:
    approving.approves()
    approving.converger.meanwhile = lambda: approving.converger.newest("prod", "api", "main-12", C)
    assert [approving.works().state, approving.works().state] == [PENDING, APPROVAL]
    assert (approving.runs, approving.proposed) == ("", [("api", "main-12", C)])


def test_one_approval_deploys_one_change(work: WorkHarness) -> None:
    work.has(mode=Mode.APPROVE)
    work.converger.has("prod", pin("web"))
    work.converger.newest("prod", "web", "main-12", B)
    work.receives()
    work.works()
    work.approves("web")
    assert work.works().state is APPROVAL
    assert [name for _, name, _, _ in work.converger.deployed] == ["web"]
    assert [name for name, _, _ in work.proposed] == ["api"]
