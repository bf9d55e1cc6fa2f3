"""A worker, from the claim to the end of a job: what it deploys, leaves for later, retries, or gives up."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import time as clock_time
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from fcpin.errors import FunctionDenied, RegistryUnavailable, StackError
from fcpin.image import Digest
from fcpin.receiver.errors import ConvergenceFailed, Interrupted, StackBusy
from fcpin.receiver.job_events import JobEventHandler
from fcpin.receiver.ledger.ledger import Ledger, sqlite_ledger
from fcpin.receiver.ledger.model import Deployment, Ending, Freeze, Job, JobState, PinChange, Proposal, approval_token
from fcpin.receiver.pin_index import PinIndex
from fcpin.receiver.settings.model import Mode, Outages, StackSettings, Window
from fcpin.receiver.work.attempt import Attempt, LeaseLost
from fcpin.receiver.work.worker import Backoff, Worker
from tests.receiver.fake_converger import FakeConverger
from tests.receiver.pins import A, B, pin
from tests.receiver.samples import NO_TIME, NOON, deployment, digest, push
from tests.support.clock import ManualClock

C = digest("c")
NIGHT = Window(start=clock_time(1), end=clock_time(5), zone=ZoneInfo("Asia/Shanghai"))
LEASE = timedelta(seconds=30)


@dataclass
class Recorded(JobEventHandler):
    """Job events, in one line each."""

    lines: list[str] = field(default_factory=list)

    def started(self, job: Job) -> None:
        self.lines.append(f"started {job.attempts}")

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:
        self.lines.append(f"ended {ending.state}")

    def deployed(self, deployment: Deployment) -> None:
        self.lines.append(f"deployed {deployment.pin} {deployment.to_tag}")

    def proposed(self, proposal: Proposal) -> None:
        self.lines.append(f"proposed {proposal.pin} {proposal.to_tag}")


@dataclass
class WorkHarness:
    """A stack `prod` whose function `api` runs main-11 with digest A, and a worker on it."""

    ledger: Ledger
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    converger: FakeConverger = field(default_factory=FakeConverger)
    events: JobEventHandler = field(default_factory=Recorded)
    settings: StackSettings = field(default_factory=StackSettings)
    _events: int = 0

    def __post_init__(self) -> None:
        self.converger.has("prod", pin("api"))
        self.index = PinIndex(["prod"], self.converger.pins, {})

    def receives(self, tag: str = "main-12", digest: Digest | None = B, newest: bool = True) -> None:
        """An event; of what `api` is to run next, unless *newest* is false."""
        if newest and digest:
            self.converger.newest("prod", "api", tag, digest)
        self._events += 1
        event = push(tag, str(self._events), digest=digest, pushed=self.clock.now(), received=self.clock.now())
        self.ledger.add_event(event, ["prod"], self.clock.now(), debounce=NO_TIME, max_wait=NO_TIME)

    def works(self, after: float = 0) -> Job:
        """The newest job, when the worker has looked at the stack after so many seconds."""
        self.clock.advance(after)
        self.worker(self.settings).run("prod")
        return self.ledger.jobs(limit=1)[0]

    def worker(self, stack: StackSettings | None = None) -> Worker:
        return Worker(
            self.ledger,
            self.converger,
            self.index,
            {"prod": stack} if stack else {},
            self.clock,
            Backoff(attempts=3, chance=lambda: 1.0),
            [self.events],
            name="w",
        )

    def attempt(self, job: Job, is_lost: bool = False) -> Attempt:
        return Attempt(job, self.settings, self.ledger, self.converger, self.index, self.clock, lambda: is_lost)

    def has(self, **settings: object) -> None:
        self.settings = structs.replace(self.settings, **settings)

    def change(self, tag: str = "main-12", to: Digest = B) -> PinChange:
        return PinChange(pin="api", from_tag="main-11", from_digest=A, to_tag=tag, to_digest=to)

    @property
    def runs(self) -> str:
        """Tags that were deployed, in this order."""
        return " ".join(tag for _, _, tag, _ in self.converger.deployed)


@pytest.fixture
def work(tmp_path: Path) -> Iterator[WorkHarness]:
    ledger = sqlite_ledger(tmp_path / "ledger.sqlite")
    yield WorkHarness(ledger)
    ledger.close()


def test_an_event_is_deployed_and_reported(work: WorkHarness) -> None:
    work.receives()
    job = work.works(after=4)
    assert (job.state, work.runs) == (JobState.SUCCEEDED, "main-12")
    assert work.ledger.log_lines(job.id) == [(1, "api: main-11 => main-12")]
    assert isinstance(work.events, Recorded)
    assert work.events.lines == ["started 1", "deployed api main-12", "ended succeeded"]
    [one] = work.ledger.deployments()
    assert (one.from_tag, one.from_digest, one.to_tag, one.to_digest) == ("main-11", A, "main-12", B)
    assert (one.job, one.exposed_seconds, one.function_name) == (job.id, 4, "api-dev")


def test_one_process_deploys_and_one_reads_what_was_deployed(work: WorkHarness) -> None:
    work.index.read_all()
    work.converger.calls.clear()
    work.receives()
    work.works()
    assert work.converger.calls == ["up", "pins"]


def test_pins_are_read_again_when_the_history_has_a_later_deployment(work: WorkHarness) -> None:
    work.index.read_all()
    work.converger.deploy("prod", work.change("main-12", B))
    work.ledger.record_deployment(deployment("api"))
    work.receives("main-13", C)
    work.works()
    [one, _] = work.ledger.deployments()
    assert (one.from_tag, one.from_digest, one.to_tag) == ("main-12", B, "main-13")


def test_pins_are_read_again_for_a_pin_that_the_index_does_not_have(work: WorkHarness) -> None:
    work.index.read_all()
    work.converger.has("prod", pin("new", "r.example.com/shop/new"))
    work.converger.newest("prod", "new", "main-12", B)
    work.ledger.request("prod", ["new"], work.clock.now())
    assert (work.works().state, work.converger.ups) == (JobState.SUCCEEDED, [("prod", ("new",))])


def test_only_the_pins_that_are_concerned_are_deployed(work: WorkHarness) -> None:
    work.converger.has(
        "prod", pin("web", "r.example.com/shop/web"), pin("old", policy={"policy": {"family": {"name": "old"}}})
    )
    work.receives()
    work.works()
    assert work.converger.ups == [("prod", ("api",))]


def test_an_event_that_concerns_no_pin_any_more_deploys_nothing(work: WorkHarness) -> None:
    work.receives("another-1", newest=False)
    assert work.works().reason == "no pin of the stack is concerned"
    assert work.converger.ups == []


def test_a_requested_pin_is_converged(work: WorkHarness) -> None:
    work.converger.newest("prod", "api", "main-12", B)
    work.ledger.request("prod", ["api"], work.clock.now())
    assert (work.works().state, work.runs) == (JobState.SUCCEEDED, "main-12")
    assert work.ledger.deployments()[0].exposed_seconds is None


FAILURES = [
    ("the engine fails", ConvergenceFailed("no answer"), JobState.PENDING, "no answer"),
    ("the state cannot be read", StackError("locked"), JobState.PENDING, "locked"),
    ("a registry is unavailable", RegistryUnavailable("502"), JobState.PENDING, "502"),
    ("a defect", ZeroDivisionError("by zero"), JobState.PENDING, "unexpected ZeroDivisionError"),
    ("a permission is missing", FunctionDenied("no fc:UpdateFunction"), JobState.FAILED, "no fc:UpdateFunction"),
]


@pytest.mark.parametrize(("error", "state", "reason"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_what_may_pass_is_retried(
    work: WorkHarness, error: Exception, state: JobState, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    work.receives()
    work.converger.fails_next(error)
    job = work.works()
    assert (job.state, job.attempts) == (state, 1)
    assert reason in job.reason
    assert any(record.exc_info for record in caplog.records) is isinstance(error, ZeroDivisionError)


def test_each_retry_waits_longer_until_the_job_fails(work: WorkHarness) -> None:
    work.receives()
    work.converger.fails_next(*(ConvergenceFailed(f"no answer, {number}") for number in range(3)))
    assert work.works().due == NOON + timedelta(seconds=5)
    assert work.works(after=5).due == NOON + timedelta(seconds=15)
    failed = work.works(after=10)
    assert (failed.state, failed.reason) == (JobState.FAILED, "no answer, 2")
    assert work.ledger.retry(failed.id, work.clock.now())
    assert (work.works().state, work.runs) == (JobState.SUCCEEDED, "main-12")


@pytest.mark.parametrize("error", [StackBusy("locked by another run"), Interrupted("the receiver stops")], ids=repr)
def test_what_is_no_failure_is_not_counted_as_one(work: WorkHarness, error: ConvergenceFailed) -> None:
    work.receives()
    for _ in range(5):
        work.converger.fails_next(error)
        job = work.works(after=5)
        assert (job.state, job.attempts) == (JobState.PENDING, 0)
    assert work.works(after=5).state is JobState.SUCCEEDED


def test_a_stack_that_stays_busy_counts_as_a_failure(work: WorkHarness) -> None:
    """A person's `up` is waited for; a lock that was left behind a person has to remove."""
    work.receives()
    work.converger.fails_next(*[StackBusy("locked by pid 7")] * 19)
    for _ in range(15):
        job = work.works(after=60)
        assert (job.state, job.reason, job.attempts) == (JobState.PENDING, "locked by pid 7", 0)
    assert [work.works(after=60).attempts, work.works(after=5).attempts] == [1, 2]
    failed = work.works(after=10)
    assert (failed.state, failed.reason) == (JobState.FAILED, "locked by pid 7")
    assert work.ledger.retry(failed.id, work.clock.now())
    assert (work.works().state, work.works(after=5).state) == (JobState.PENDING, JobState.SUCCEEDED)


def test_what_was_deployed_before_a_failure_is_recorded_once(work: WorkHarness) -> None:
    def fail() -> None:
        work.converger.deploy("prod", work.change())
        raise ConvergenceFailed("another pin failed")

    work.receives()
    work.converger.meanwhile = fail
    assert work.works().state is JobState.PENDING
    work.converger.meanwhile = lambda: None
    assert work.works(after=5).state is JobState.SUCCEEDED
    assert len(work.ledger.deployments()) == 1


def test_what_a_killed_worker_deployed_is_recorded_by_the_next(work: WorkHarness) -> None:
    work.receives()
    assert work.ledger.claim("prod", "killed", work.clock.now(), LEASE)
    work.converger.deploy("prod", work.change())
    assert work.works(after=30).state is JobState.SUCCEEDED
    assert work.runs == "main-12"
    [one] = work.ledger.deployments()
    assert (one.from_digest, one.to_digest, one.exposed_seconds) == (A, B, 30)


def test_a_job_that_kills_its_worker_each_time_fails(work: WorkHarness) -> None:
    work.receives()
    for _ in range(3):
        assert work.ledger.claim("prod", "killed", work.clock.now(), LEASE)
        work.clock.advance(30)
    job = work.works()
    assert (job.state, work.runs) == (JobState.FAILED, "")
    assert job.reason == "gave up after 3 attempts: the worker process died; see the receiver's log"


def test_a_job_that_was_taken_over_meanwhile_is_left_to_the_other(work: WorkHarness) -> None:
    def suspend() -> None:
        work.clock.advance(31)
        assert work.ledger.claim("prod", "other", work.clock.now(), LEASE)

    work.receives()
    work.converger.meanwhile = suspend
    job = work.works()
    assert (job.state, job.worker) == (JobState.RUNNING, "other")
    assert work.ledger.deployments() == []
    assert isinstance(work.events, Recorded)
    assert work.events.lines == ["started 1"]


def test_a_lost_lease_deploys_nothing(work: WorkHarness) -> None:
    work.receives()
    job = work.ledger.claim("prod", "suspended", work.clock.now(), NO_TIME)
    assert job
    with pytest.raises(LeaseLost):
        work.attempt(job, is_lost=True)()
    assert work.converger.ups == []


def test_a_long_deployment_keeps_its_lease(work: WorkHarness) -> None:
    lease = timedelta(seconds=0.03)

    def wait_for_a_heartbeat() -> None:
        work.clock.advance(0.02)
        deadline = time.monotonic() + 5
        while work.ledger.jobs()[0].lease == NOON + lease and time.monotonic() < deadline:
            time.sleep(0.005)
        work.clock.advance(0.02)
        assert work.ledger.claim("prod", "other", work.clock.now(), lease) is None

    work.receives()
    work.converger.meanwhile = wait_for_a_heartbeat
    replace(work.worker(work.settings), lease=lease).run("prod")
    assert work.ledger.jobs()[0].state is JobState.SUCCEEDED


def test_a_stack_that_is_no_longer_configured_fails(work: WorkHarness) -> None:
    work.receives()
    work.worker().run("prod")
    assert "no stack prod" in work.ledger.jobs()[0].reason


# Freeze and windows


def test_nothing_is_deployed_during_a_freeze(work: WorkHarness) -> None:
    work.ledger.set_freeze(Freeze("ann", "the sale", NOON))
    work.receives("main-11", B)
    job = work.works()
    assert (job.state, job.reason, job.attempts) == (JobState.PENDING, "frozen by ann: the sale", 0)
    assert (job.due, work.runs) == (NOON + timedelta(minutes=1), "")
    work.ledger.set_freeze(None)
    assert (work.works(after=60).state, work.runs) == (JobState.SUCCEEDED, "main-11")


def test_a_freeze_at_the_last_moment_holds_back_too(work: WorkHarness) -> None:
    work.has(mode=Mode.APPROVE)
    work.receives()
    work.works()
    work.ledger.approve(tokens(work)[0], "ann", work.clock.now())
    work.ledger.set_freeze(Freeze("bob", "the sale", NOON))
    assert (work.works().reason, work.runs) == ("frozen by bob: the sale", "")
    work.ledger.set_freeze(None)
    assert (work.works(after=60).state, work.runs) == (JobState.SUCCEEDED, "main-12")


def test_a_new_image_waits_for_the_window(work: WorkHarness) -> None:
    work.has(windows=[NIGHT])
    work.receives()
    job = work.works()
    assert (job.state, work.runs) == (JobState.PENDING, "")
    assert job.reason == "outside the deploy windows until Tue 2026-11-24 01:00 Asia/Shanghai"
    assert work.works(after=5 * 3600).state is JobState.SUCCEEDED


MOVES = [
    # label, outages, tag and digest of the event, what the policy selects, what is deployed
    ("a deployed tag that moved is healed at once", Outages.HEAL, "main-11", B, "main-11", B, "main-11"),
    ("unless it is to wait", Outages.WAIT, "main-11", B, "main-11", B, ""),
    ("another tag waits", Outages.HEAL, "main-12", B, "main-12", B, ""),
    ("the same digest pushed again is no outage", Outages.HEAL, "main-11", A, "main-12", B, ""),
    ("without a digest a preview decides: it moved", Outages.HEAL, "main-11", None, "main-11", B, "main-11"),
    ("without a digest a preview decides: another tag", Outages.HEAL, "main-11", None, "main-12", B, ""),
]


@pytest.mark.parametrize(
    ("outages", "tag", "digest", "newest", "its", "runs"), [row[1:] for row in MOVES], ids=[row[0] for row in MOVES]
)
def test_outside_the_windows(
    work: WorkHarness, outages: Outages, tag: str, digest: Digest | None, newest: str, its: Digest, runs: str
) -> None:
    work.has(windows=[NIGHT], outages=outages)
    work.receives(tag, digest, newest=False)
    work.converger.newest("prod", "api", newest, its)
    assert work.works().state is (JobState.SUCCEEDED if runs else JobState.PENDING)
    assert work.runs == runs


def test_an_outage_is_healed_while_another_image_waits_for_the_window(work: WorkHarness) -> None:
    work.has(windows=[NIGHT])
    work.converger.has("prod", pin("web"), pin("job", tag="main-10"))
    work.receives("main-11", B)
    job = work.works()
    assert work.converger.ups == [("prod", ("api", "web"))]
    assert job.state is JobState.PENDING


# Approvals


@pytest.fixture
def approving(work: WorkHarness) -> WorkHarness:
    work.has(mode=Mode.APPROVE)
    return work


def tokens(work: WorkHarness) -> Sequence[str]:
    return [proposal.token for proposal in work.ledger.proposals("prod")]


def test_a_change_waits_until_it_is_approved(approving: WorkHarness) -> None:
    approving.receives()
    job = approving.works()
    assert (job.state, job.due, approving.runs) == (JobState.WAITING_FOR_APPROVAL, None, "")
    assert job.reason == "waiting for approval: api"
    [proposal] = approving.ledger.proposals("prod")
    assert (proposal.from_digest, proposal.to_tag, proposal.to_digest) == (A, "main-12", B)
    approving.ledger.approve(proposal.token, "ann", approving.clock.now())
    assert (approving.works().state, approving.runs) == (JobState.SUCCEEDED, "main-12")
    assert approving.ledger.proposals() == []
    assert isinstance(approving.events, Recorded)
    assert approving.events.lines.count("proposed api main-12") == 1


def test_what_changes_nothing_is_not_proposed(approving: WorkHarness) -> None:
    approving.receives(newest=False)
    assert approving.works().state is JobState.SUCCEEDED
    assert tokens(approving) == []


def test_a_push_after_the_proposal_needs_another_approval(approving: WorkHarness) -> None:
    approving.receives()
    approving.works()
    [before] = tokens(approving)
    approving.receives("main-12", C)
    assert approving.works().state is JobState.WAITING_FOR_APPROVAL
    assert approving.ledger.approve(before, "ann", approving.clock.now()) is None
    assert tokens(approving) != [before]


def test_a_push_between_approval_and_deployment_is_proposed_again(approving: WorkHarness) -> None:
    approving.receives()
    approving.works()
    approving.ledger.approve(tokens(approving)[0], "ann", approving.clock.now())
    approving.converger.meanwhile = lambda: approving.converger.newest("prod", "api", "main-12", C)
    assert approving.works().state is JobState.PENDING
    assert approving.works().state is JobState.WAITING_FOR_APPROVAL
    assert (approving.runs, [one.to_digest for one in approving.ledger.proposals()]) == ("", [C])


def test_one_approval_deploys_one_change(approving: WorkHarness) -> None:
    approving.converger.has("prod", pin("web"))
    approving.converger.newest("prod", "web", "main-12", B)
    approving.receives()
    approving.works()
    web = next(one for one in approving.ledger.proposals() if one.pin == "web")
    approving.ledger.approve(web.token, "ann", approving.clock.now())
    assert approving.works().state is JobState.WAITING_FOR_APPROVAL
    assert [name for _, name, _, _ in approving.converger.deployed] == ["web"]
    assert [one.pin for one in approving.ledger.proposals()] == ["api"]


CHANGE = PinChange(pin="api", from_tag="main-11", from_digest=A, to_tag="main-12", to_digest=B)


@pytest.mark.parametrize(
    "other",
    [
        ("test", CHANGE),
        ("prod", replace(CHANGE, pin="web")),
        ("prod", replace(CHANGE, from_digest=C)),
        ("prod", replace(CHANGE, from_digest=None)),
        ("prod", replace(CHANGE, to_digest=C)),
    ],
    ids=["another stack", "another function", "from another digest", "from nothing", "to another digest"],
)
def test_an_approval_is_for_one_function_from_one_digest_to_one(other: tuple[str, PinChange]) -> None:
    assert approval_token("prod", CHANGE) == approval_token("prod", replace(CHANGE))
    assert approval_token("prod", CHANGE) != approval_token(*other)
