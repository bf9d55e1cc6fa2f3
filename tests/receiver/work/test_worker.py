"""A worker, from a wake-up to the end of the job: what it deploys, leaves for later, tries again, or gives up."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fcpin.errors import FunctionDenied, RegistryUnavailable, StackError
from fcpin.image import Digest
from fcpin.receiver.concerned import concerned_pins
from fcpin.receiver.converge.base import Change
from fcpin.receiver.errors import ConvergenceFailed, Interrupted, StackBusy
from fcpin.receiver.ledger.base import Ending
from fcpin.receiver.ledger.model import Freeze, Job, Proposal, State, Transition
from fcpin.receiver.ledger.sqlite import SqliteLedger
from fcpin.receiver.settings.model import Mode, Outages, StackSettings, Window
from fcpin.receiver.work import approval
from fcpin.receiver.work.attempt import Attempt, LeaseLost
from fcpin.receiver.work.backoff import Backoff
from fcpin.receiver.work.worker import Worker
from tests.receiver.fake_converger import FakeConverger
from tests.receiver.pins import A, B, pin
from tests.receiver.samples import NOON, digest, push
from tests.support.clock import ManualClock

C = digest("c")
NIGHT = Window(frozenset(range(7)), clock_time(1), clock_time(5), ZoneInfo("Asia/Shanghai"))
NO_TIME = timedelta(0)


@dataclass
class Notes:
    """An observer that writes down."""

    told: list[str] = field(default_factory=list)

    def began(self, job: Job) -> None:
        self.told.append(f"began {job.attempts}")

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:
        self.told.append(f"ended {ending.state}")

    def deployed(self, transition: Transition) -> None:
        self.told.append(f"deployed {transition.pin} {transition.to_tag}")

    def proposed(self, proposal: Proposal) -> None:
        self.told.append(f"proposed {proposal.pin} {proposal.to_tag}")


@dataclass
class Shop:
    """A stack `prod` whose function `api` runs main-11 with digest A, and everything that works on it."""

    ledger: SqliteLedger
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    converger: FakeConverger = field(default_factory=FakeConverger)
    notes: Notes = field(default_factory=Notes)
    settings: StackSettings = field(default_factory=lambda: StackSettings())
    woken: list[tuple[str, datetime]] = field(default_factory=list)
    _events: int = 0

    def __post_init__(self) -> None:
        self.converger.has("prod", pin("api"))

    def hears(self, tag: str = "main-12", told: Digest | None = B, newest: bool = True) -> None:
        """A push, of what `api` is to run unless said otherwise."""
        if newest and told:
            self.converger.newest("prod", "api", tag, told)
        self._events += 1
        sent = push(tag, str(self._events), digest=told, pushed=self.clock.now(), received=self.clock.now())
        self.ledger.receive(sent, ["prod"], self.clock.now(), quiet=NO_TIME, at_most=NO_TIME)

    def works(self, after: float = 0) -> Job:
        """What the worker leaves, once it was woken after so many seconds."""
        self.clock.advance(after)
        Worker(
            self.ledger,
            self.converger,
            {"prod": self.settings},
            concerned_pins,
            self.clock,
            lambda stack, at: self.woken.append((stack, at)),
            self.notes,
            Backoff(attempts=3, chance=lambda: 1.0),
            name="w",
        ).run("prod")
        return self.ledger.jobs(limit=1)[0]

    def has(self, **settings: object) -> None:
        self.settings = replace(self.settings, **settings)  # type: ignore[arg-type]

    @property
    def runs(self) -> str:
        """Tags that were deployed, in this order."""
        return " ".join(tag for _, _, tag, _ in self.converger.deployed)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    yield Shop(ledger)
    ledger.close()


def test_a_push_is_deployed_and_told(shop: Shop) -> None:
    shop.hears()
    job = shop.works(after=4)
    assert (job.state, shop.runs) == (State.DONE, "main-12")
    assert shop.ledger.said(job.id) == [(1, "api: main-11 => main-12")]
    assert shop.notes.told == ["began 1", "deployed api main-12", "ended done"]
    [one] = shop.ledger.transitions()
    assert (one.from_tag, one.from_digest, one.to_tag, one.to_digest) == ("main-11", A, "main-12", B)
    assert (one.job, one.exposed_seconds, one.function_name) == (job.id, 4, "api-dev")


def test_only_the_pins_that_are_concerned_are_touched(shop: Shop) -> None:
    shop.converger.has(
        "prod", pin("web", "r.example.com/shop/web"), pin("old", policy={"policy": {"family": {"name": "old"}}})
    )
    shop.hears()
    shop.works()
    assert shop.converger.ups == [("prod", ("api",))]


def test_a_push_that_concerns_nothing_any_more_deploys_nothing(shop: Shop) -> None:
    shop.hears("another-1", newest=False)
    assert shop.works().reason == "no pin of the stack is concerned"
    assert shop.converger.ups == []


def test_a_pin_that_somebody_asked_for_is_converged(shop: Shop) -> None:
    shop.converger.newest("prod", "api", "main-12", B)
    shop.ledger.ask("prod", ["api"], shop.clock.now())
    assert (shop.works().state, shop.runs) == (State.DONE, "main-12")
    assert shop.ledger.transitions()[0].exposed_seconds is None


def test_a_wake_up_before_its_time_is_given_again(shop: Shop) -> None:
    shop.ledger.receive(push(), ["prod"], shop.clock.now(), quiet=timedelta(seconds=2), at_most=timedelta(seconds=9))
    shop.works()
    assert shop.woken == [("prod", NOON + timedelta(seconds=2))]


def test_what_comes_during_a_deployment_is_woken_for_at_its_end(shop: Shop) -> None:
    shop.hears()
    shop.converger.meanwhile = lambda: shop.hears("main-13", C)
    shop.works()
    assert shop.woken == [("prod", NOON)]
    shop.converger.meanwhile = lambda: None
    shop.works()
    assert (shop.runs, [job.state for job in shop.ledger.jobs()]) == ("main-13", [State.DONE, State.DONE])


def test_a_second_worker_leaves_a_busy_stack_alone(shop: Shop) -> None:
    shop.hears()
    shop.converger.meanwhile = lambda: (shop.works(), None)[1]
    shop.works()
    assert (shop.converger.ups, shop.woken) == ([("prod", ("api",))], [])


FAILURES = [
    ("the engine fails", ConvergenceFailed("no answer"), State.WAITING, "no answer"),
    ("the state cannot be read", StackError("locked"), State.WAITING, "locked"),
    ("a registry is away", RegistryUnavailable("502"), State.WAITING, "502"),
    ("nobody expected this", ZeroDivisionError("by zero"), State.WAITING, "unexpected ZeroDivisionError"),
    ("a right is missing", FunctionDenied("no fc:UpdateFunction"), State.DEAD, "no fc:UpdateFunction"),
]


@pytest.mark.parametrize(("error", "state", "reason"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_what_may_pass_is_tried_again(
    shop: Shop, error: Exception, state: State, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    shop.hears()
    shop.converger.fails_next(error)
    job = shop.works()
    assert (job.state, job.attempts) == (state, 1)
    assert reason in job.reason
    assert any(record.exc_info for record in caplog.records) is isinstance(error, ZeroDivisionError)


def test_each_try_waits_longer_until_the_job_is_given_up(shop: Shop) -> None:
    shop.hears()
    shop.converger.fails_next(*(ConvergenceFailed(f"no answer, {number}") for number in range(3)))
    assert shop.works().due == NOON + timedelta(seconds=5)
    assert shop.works(after=5).due == NOON + timedelta(seconds=15)
    dead = shop.works(after=10)
    assert (dead.state, dead.reason) == (State.DEAD, "no answer, 2")
    assert shop.ledger.retry(dead.id, shop.clock.now())
    assert (shop.works().state, shop.runs) == (State.DONE, "main-12")


@pytest.mark.parametrize("error", [StackBusy("another run is at work"), Interrupted("the receiver stops")], ids=repr)
def test_what_is_no_failure_is_not_counted_as_one(shop: Shop, error: ConvergenceFailed) -> None:
    shop.hears()
    for _ in range(5):
        shop.converger.fails_next(error)
        job = shop.works(after=5)
        assert (job.state, job.attempts) == (State.WAITING, 0)
    assert shop.works(after=5).state is State.DONE


def test_a_stack_that_stays_busy_is_given_up_after_a_while(shop: Shop) -> None:
    """Somebody's `up` is waited for; a lock that was left behind somebody has to remove."""
    shop.hears()
    shop.converger.fails_next(*[StackBusy("locked by pid 7")] * 19)
    for _ in range(15):
        job = shop.works(after=60)
        assert (job.state, job.reason, job.attempts) == (State.WAITING, "locked by pid 7", 0)
    assert [shop.works(after=60).attempts, shop.works(after=5).attempts] == [1, 2]
    dead = shop.works(after=10)
    assert (dead.state, dead.reason) == (State.DEAD, "locked by pid 7")
    assert shop.ledger.retry(dead.id, shop.clock.now())
    assert (shop.works().state, shop.works(after=5).state) == (State.WAITING, State.DONE)


def test_what_was_deployed_before_a_failure_is_told_once(shop: Shop) -> None:
    def fail() -> None:
        shop.converger._deploy("prod", shop.converger.preview("prod", ["api"])[0])
        raise ConvergenceFailed("another pin failed")

    shop.hears()
    shop.converger.meanwhile = fail
    assert shop.works().state is State.WAITING
    shop.converger.meanwhile = lambda: None
    assert shop.works(after=5).state is State.DONE
    assert len(shop.ledger.transitions()) == 1


def test_what_a_worker_deployed_before_it_was_killed_is_told_by_the_next(shop: Shop) -> None:
    shop.hears()
    assert shop.ledger.claim("prod", "killed", shop.clock.now(), timedelta(seconds=30))
    shop.converger.up("prod", ["api"], print)
    assert shop.works(after=30).state is State.DONE
    assert shop.runs == "main-12"
    [one] = shop.ledger.transitions()
    assert (one.from_digest, one.to_digest, one.exposed_seconds) == (A, B, 30)


def test_a_job_that_kills_its_worker_each_time_is_given_up(shop: Shop) -> None:
    shop.hears()
    for _ in range(3):
        assert shop.ledger.claim("prod", "killed", shop.clock.now(), timedelta(seconds=30))
        shop.clock.advance(30)
    job = shop.works()
    assert (job.state, shop.runs) == (State.DEAD, "")
    assert "begun 3 times" in job.reason


def test_a_job_that_was_taken_over_meanwhile_is_left_to_the_other(shop: Shop) -> None:
    def suspend() -> None:
        shop.clock.advance(31)
        assert shop.ledger.claim("prod", "other", shop.clock.now(), timedelta(seconds=30))

    shop.hears()
    shop.converger.meanwhile = suspend
    job = shop.works()
    assert (job.state, job.worker) == (State.RUNNING, "other")
    assert shop.ledger.transitions() == []


def test_who_has_lost_the_job_deploys_nothing(shop: Shop) -> None:
    shop.hears()
    job = shop.ledger.claim("prod", "suspended", shop.clock.now(), NO_TIME)
    assert job
    attempt = Attempt(job, shop.settings, shop.ledger, shop.converger, concerned_pins, shop.clock, lambda: True)
    with pytest.raises(LeaseLost):
        attempt()
    assert shop.converger.ups == []


def test_a_stack_that_is_no_longer_configured_is_given_up(shop: Shop) -> None:
    shop.hears()
    Worker(shop.ledger, shop.converger, {}, concerned_pins, shop.clock, lambda *_: None).run("prod")
    assert "no stack prod" in shop.ledger.jobs()[0].reason


def test_an_observer_that_fails_changes_nothing(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Notes):
        def deployed(self, transition: Transition) -> None:
            raise ZeroDivisionError

    shop.notes = Broken()
    shop.hears()
    with caplog.at_level(logging.ERROR):
        assert shop.works().state is State.DONE
    assert "an observer of the work failed" in caplog.text


# Freeze and windows


def test_nothing_is_deployed_during_a_freeze(shop: Shop) -> None:
    shop.ledger.freeze(Freeze("ann", "the sale", NOON))
    shop.hears()
    job = shop.works()
    assert (job.state, job.reason, job.attempts) == (State.WAITING, "frozen by ann: the sale", 0)
    assert shop.woken == [("prod", NOON + timedelta(minutes=1))]
    shop.ledger.freeze(None)
    assert (shop.works(after=60).state, shop.runs) == (State.DONE, "main-12")


def test_a_new_image_waits_for_the_window_and_is_told_when_it_opens(shop: Shop) -> None:
    shop.has(windows=[NIGHT])
    shop.hears()
    job = shop.works()
    assert (job.state, shop.runs) == (State.WAITING, "")
    assert job.reason == "outside its deploy windows until Tue 2026-11-24 01:00 Asia/Shanghai"
    assert shop.works(after=5 * 3600).state is State.DONE


MOVES = [
    ("a deployed tag that was moved is healed at once", Outages.HEAL, "main-11", B, "main-11", B, "main-11"),
    ("unless it is to wait", Outages.WAIT, "main-11", B, "main-11", B, ""),
    ("another tag waits", Outages.HEAL, "main-12", B, "main-12", B, ""),
    ("the same digest pushed again is no outage", Outages.HEAL, "main-11", A, "main-12", B, ""),
    ("without a digest the engine is asked: it was moved", Outages.HEAL, "main-11", None, "main-11", B, "main-11"),
    ("without a digest the engine is asked: it would take another", Outages.HEAL, "main-11", None, "main-12", B, ""),
]


@pytest.mark.parametrize(
    ("outages", "tag", "told", "newest", "its", "runs"), [row[1:] for row in MOVES], ids=[row[0] for row in MOVES]
)
def test_outside_the_windows(
    shop: Shop, outages: Outages, tag: str, told: Digest | None, newest: str, its: Digest, runs: str
) -> None:
    shop.has(windows=[NIGHT], outages=outages)
    shop.hears(tag, told, newest=False)
    shop.converger.newest("prod", "api", newest, its)
    assert shop.works().state is (State.DONE if runs else State.WAITING)
    assert shop.runs == runs


def test_an_outage_is_healed_while_another_image_waits_for_the_window(shop: Shop) -> None:
    shop.has(windows=[NIGHT])
    shop.converger.has("prod", pin("web"), pin("job", tag="main-10"))
    shop.hears("main-11", B)
    job = shop.works()
    assert shop.converger.ups == [("prod", ("api", "web"))]
    assert job.state is State.WAITING


def test_a_freeze_that_begins_at_the_last_moment_holds_back_too(shop: Shop) -> None:
    shop.converger.before = lambda: shop.ledger.freeze(Freeze("ann", "the sale", NOON))
    shop.hears()
    job = shop.works()
    assert (job.state, job.reason, shop.converger.ups) == (State.WAITING, "frozen by ann: the sale", [])


def test_a_freeze_holds_back_outages_too(shop: Shop) -> None:
    shop.ledger.freeze(Freeze("ann", "the sale", NOON))
    shop.hears("main-11", B)
    assert (shop.works().state, shop.runs) == (State.WAITING, "")


# Approvals


@pytest.fixture
def asking(shop: Shop) -> Shop:
    shop.has(mode=Mode.APPROVE)
    return shop


def tokens(shop: Shop) -> Sequence[str]:
    return [proposal.token for proposal in shop.ledger.proposals("prod")]


def test_a_change_waits_until_it_is_approved(asking: Shop) -> None:
    asking.hears()
    job = asking.works()
    assert (job.state, job.due, asking.runs) == (State.APPROVAL, None, "")
    assert "api" in job.reason
    [proposal] = asking.ledger.proposals("prod")
    assert (proposal.from_digest, proposal.to_tag, proposal.to_digest) == (A, "main-12", B)
    asking.ledger.approve(proposal.token, "ann", asking.clock.now())
    assert (asking.works().state, asking.runs) == (State.DONE, "main-12")
    assert asking.ledger.proposals() == []
    assert asking.notes.told.count("proposed api main-12") == 1


def test_what_changes_nothing_is_not_proposed(asking: Shop) -> None:
    asking.hears(newest=False)
    assert asking.works().state is State.DONE
    assert tokens(asking) == []


def test_a_re_push_asks_again(asking: Shop) -> None:
    asking.hears()
    asking.works()
    [before] = tokens(asking)
    asking.hears("main-12", C)
    assert asking.works().state is State.APPROVAL
    assert asking.ledger.approve(before, "ann", asking.clock.now()) is None
    assert tokens(asking) != [before]


def test_a_re_push_between_approval_and_deployment_is_proposed_anew(asking: Shop) -> None:
    asking.hears()
    asking.works()
    asking.ledger.approve(tokens(asking)[0], "ann", asking.clock.now())
    asking.converger.meanwhile = lambda: asking.converger.newest("prod", "api", "main-12", C)
    assert asking.works().state is State.WAITING
    assert asking.works().state is State.APPROVAL
    assert (asking.runs, [one.to_digest for one in asking.ledger.proposals()]) == ("", [C])


def test_one_approval_deploys_one_change(asking: Shop) -> None:
    asking.converger.has("prod", pin("web"))
    asking.converger.newest("prod", "web", "main-12", B)
    asking.hears()
    asking.works()
    web = next(one for one in asking.ledger.proposals() if one.pin == "web")
    asking.ledger.approve(web.token, "ann", asking.clock.now())
    assert asking.works().state is State.APPROVAL
    assert [name for _, name, _, _ in asking.converger.deployed] == ["web"]
    assert [one.pin for one in asking.ledger.proposals()] == ["api"]


def test_an_approved_change_waits_for_the_window(asking: Shop) -> None:
    asking.has(windows=[NIGHT])
    asking.hears()
    asking.works()
    asking.ledger.approve(tokens(asking)[0], "ann", asking.clock.now())
    assert (asking.works().state, asking.runs) == (State.WAITING, "")
    assert (asking.works(after=6 * 3600).state, asking.runs) == (State.DONE, "main-12")


def test_an_approved_change_waits_for_the_end_of_a_freeze(asking: Shop) -> None:
    asking.hears()
    asking.works()
    asking.ledger.approve(tokens(asking)[0], "ann", asking.clock.now())
    asking.ledger.freeze(Freeze("bob", "the sale", NOON))
    assert (asking.works().reason, asking.runs) == ("frozen by bob: the sale", "")
    asking.ledger.freeze(None)
    assert (asking.works(after=60).state, asking.runs) == (State.DONE, "main-12")


CHANGE = Change("api", "main-11", A, "main-12", B)


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
def test_an_approval_is_for_one_function_from_one_digest_to_one(other: tuple[str, Change]) -> None:
    assert approval.token("prod", CHANGE) == approval.token("prod", replace(CHANGE))
    assert approval.token("prod", CHANGE) != approval.token(*other)


def test_a_long_deployment_keeps_its_lease(shop: Shop) -> None:
    def wait_for_a_heartbeat() -> None:
        shop.clock.advance(0.02)
        deadline = time.monotonic() + 5
        while shop.ledger.jobs()[0].lease == NOON + lease and time.monotonic() < deadline:
            time.sleep(0.005)
        shop.clock.advance(0.02)
        assert shop.ledger.claim("prod", "other", shop.clock.now(), lease) is None

    lease = timedelta(seconds=0.03)
    shop.hears()
    shop.converger.meanwhile = wait_for_a_heartbeat
    stacks = {"prod": shop.settings}
    Worker(shop.ledger, shop.converger, stacks, concerned_pins, shop.clock, lambda *_: None, lease=lease).run("prod")
    assert shop.ledger.jobs()[0].state is State.DONE
