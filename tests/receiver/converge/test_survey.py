"""A survey: what the page is told of every function, what others deployed, and outages that nobody told of."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fcpin.clock import SystemClock
from fcpin.drift import Kind
from fcpin.emulator import Emulator
from fcpin.receiver.converge.survey import Surveyor
from fcpin.receiver.ledger.base import Ending
from fcpin.receiver.ledger.model import Job, State
from fcpin.receiver.ledger.sqlite import SqliteLedger
from fcpin.receiver.survey_report import FunctionReport, StackReport, survey_key
from fcpin.stack import Engine, StackPin
from tests.support.deployed_stack import DeployedStack
from tests.support.instant import INSTANT

STACK = "test"


@dataclass
class Watch:
    """A stack that is surveyed, with the ledger that it is told to."""

    told: DeployedStack
    ledger: SqliteLedger
    asked: list[Sequence[str]] = field(default_factory=list)
    learnt: list[str] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    """What happens between the state that is read and the functions that are looked at."""

    def __post_init__(self) -> None:
        engine = Engine.find("pulumi", self.told.folder)
        self._surveyor = Surveyor(engine, self.ledger, SystemClock(), self._ask, self._learn)

    def _ask(self, stack: str, pins: Sequence[str]) -> None:
        self.asked.append(pins)

    def _learn(self, stack: str, pins: Sequence[StackPin]) -> None:
        self.learnt = [pin.name for pin in pins]
        self.meanwhile()

    def look(self) -> StackReport:
        """A survey, as the ledger has it."""
        told = self._surveyor.look(STACK)
        kept = self.ledger.get(survey_key(STACK))
        assert kept is not None
        assert StackReport.read(kept).as_json() == told.as_json()
        return told

    def function(self) -> FunctionReport:
        (one,) = self.look().functions
        return one

    def job(self, *, ends: State | None = None) -> Job:
        """A job of the stack is at work, or has ended."""
        now = SystemClock().now()
        self.ledger.ask(STACK, ["checkout"], now)
        job = self.ledger.claim(STACK, "me", now, timedelta(minutes=1))
        assert job is not None
        if ends:
            self.end(job, ends)
        return job

    def end(self, job: Job, state: State = State.DONE) -> None:
        self.ledger.finish(job, Ending(state), SystemClock().now())

    def redeploy(self, tag: str, **spec: Any) -> None:
        """Somebody runs an `up` by hand."""
        self.told.client.delete("checkout")
        self.told.resources.clear()
        self.told.deploy("checkout", tag, **spec)


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    with Emulator(knobs=INSTANT).serve() as cloud:
        told = DeployedStack(tmp_path, cloud)
        monkeypatch.setenv("PATH", told.path())
        ledger = SqliteLedger(tmp_path / "ledger.sqlite")
        yield Watch(told, ledger)
        ledger.close()


def test_every_function_is_told_of(watch: Watch) -> None:
    digest = watch.told.push("main-1")
    watch.told.push("other-1")
    watch.told.deploy("checkout", "main-1")
    watch.told.deploy("basket", "other-1", policy={"semver": {"range": "1.x"}}, min_age="2h")
    report = watch.look()
    basket, checkout = report.functions
    assert (report.engine, report.error, report.stack) == ("pulumi", None, STACK)
    assert (checkout.pin, checkout.tag, checkout.digest, checkout.region) == (
        "checkout",
        "main-1",
        digest,
        "cn-hangzhou",
    )
    assert (checkout.policy, basket.policy) == ("family main", "semver 1.x, min_age 2h")
    assert checkout.drift is Kind.OK
    assert checkout.since is not None, "Function Compute tells when it was deployed"
    assert checkout.repository == watch.told.repository
    assert watch.learnt == ["basket", "checkout"]
    assert watch.asked == []


def test_a_moved_tag_that_nobody_told_of_becomes_a_job_once(watch: Watch) -> None:
    watch.told.push("main-1")
    watch.told.deploy("checkout", "main-1")
    watch.told.push("main-1", "moved")
    outage = watch.function()
    assert outage.drift is Kind.MOVED_TAG
    assert outage.exposed_seconds is not None
    assert "cannot start" in outage.sentence
    watch.look()
    assert watch.asked == [["checkout"]]
    watch.told.push("main-1", "moved again")
    watch.look()
    assert watch.asked == [["checkout"], ["checkout"]]


def test_a_moved_tag_that_somebody_works_on_becomes_no_job(watch: Watch) -> None:
    watch.told.push("main-1")
    watch.told.deploy("checkout", "main-1")
    watch.told.push("main-1", "moved")
    watch.job()
    watch.look()
    assert watch.asked == []


def test_a_suspended_function_is_left_alone(watch: Watch) -> None:
    watch.told.push("main-1")
    watch.told.deploy("checkout", "main-1", policy={"family": {"name": "main"}}, suspend=True)
    watch.told.push("main-1", "moved")
    assert watch.function().suspended
    assert watch.asked == []


def test_what_somebody_else_deployed_is_noted_once(watch: Watch) -> None:
    old, new = watch.told.push("main-1"), watch.told.push("main-2")
    watch.told.deploy("checkout", "main-1")
    watch.look()
    watch.redeploy("main-2")
    function = watch.function()
    watch.look()
    (noted,) = watch.ledger.transitions(stack=STACK)
    assert (noted.pin, noted.job) == ("checkout", "")
    assert (noted.from_tag, noted.from_digest, noted.to_tag, noted.to_digest) == ("main-1", old, "main-2", new)
    assert function.since == noted.at


def test_nothing_is_noted_while_a_job_is_at_work(watch: Watch) -> None:
    watch.told.push("main-1")
    watch.told.push("main-2")
    watch.told.deploy("checkout", "main-1")
    watch.look()
    watch.job()
    watch.redeploy("main-2")
    watch.look()
    assert watch.ledger.transitions(stack=STACK) == []


def test_what_a_killed_worker_deployed_is_noted_when_nobody_is_at_work(watch: Watch) -> None:
    """It may have been surveyed while its job was still thought to be under way."""
    for tag in ("main-1", "main-2", "main-3"):
        watch.told.push(tag)
    watch.told.deploy("checkout", "main-1")
    watch.look()
    watch.redeploy("main-2")
    watch.look()
    job = watch.job()
    watch.redeploy("main-3")
    watch.look()
    watch.end(job)
    watch.look()
    watch.look()
    assert [one.to_tag for one in watch.ledger.transitions(stack=STACK)] == ["main-3", "main-2"]


def test_nothing_is_noted_of_a_job_that_began_while_we_looked(watch: Watch) -> None:
    watch.told.push("main-1")
    watch.told.push("main-2")
    watch.told.deploy("checkout", "main-1")
    watch.look()
    watch.redeploy("main-2")
    watch.meanwhile = watch.job
    watch.look()
    assert watch.ledger.transitions(stack=STACK) == []


def test_a_hold_is_told_as_the_file_has_it_while_it_lasts(watch: Watch) -> None:
    watch.told.push("main-1")
    watch.told.deploy("checkout", "main-1")
    hold = {"tag": "main-1", "until": "2099-01-01T00:00:00Z", "reason": "main-2 loses orders"}
    watch.told.functions["checkout"]["hold"] = hold
    watch.told.configure()
    told = watch.function().hold
    assert told is not None
    assert (told.tag, told.digest, told.reason, told.until.year) == ("main-1", None, "main-2 loses orders", 2099)
    hold["until"] = "2020-01-01T00:00:00Z"
    watch.told.configure()
    assert watch.function().hold is None


def test_a_stack_that_cannot_be_read_keeps_what_was_seen(watch: Watch) -> None:
    watch.told.push("main-1")
    watch.told.deploy("checkout", "main-1")
    seen = watch.function()
    (watch.told.folder / "state.json").write_text("no JSON")
    report = watch.look()
    assert report.functions == (seen,)
    assert report.error is not None
    assert "stack export" in report.error


def test_a_report_of_another_version_is_written_anew(watch: Watch) -> None:
    watch.told.push("main-1")
    watch.told.deploy("checkout", "main-1")
    watch.ledger.put(survey_key(STACK), {"version": 99})
    assert watch.function().drift is Kind.OK
