"""What a scan reports of every function, what it records, and the outages that it makes jobs of."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fcpin.clock import SystemClock
from fcpin.drift import Kind
from fcpin.emulator import Emulator
from fcpin.receiver.drift_scan.report import FunctionReport, StackReport, UnreadableReport, report_key
from fcpin.receiver.drift_scan.scanner import DriftScanner, format_policy
from fcpin.receiver.ledger.ledger import Ledger, sqlite_ledger
from fcpin.receiver.ledger.model import Ending, Job, JobState
from fcpin.stack import Engine, StackPin
from tests.support.deployed_stack import DeployedStack
from tests.support.instant import INSTANT

STACK = "test"
FAMILY = {"policy": {"family": {"name": "main"}}}


@dataclass
class ScanHarness:
    """A stack that is scanned, with its ledger."""

    stack: DeployedStack
    ledger: Ledger
    requested: list[Sequence[str]] = field(default_factory=list)
    learnt: list[str] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    """What happens after the state was read, before the functions are."""

    def __post_init__(self) -> None:
        engine = Engine.find("pulumi", self.stack.folder)
        self._scanner = DriftScanner(engine, self.ledger, SystemClock(), self._request, self._learn)

    def _request(self, stack: str, pins: Sequence[str]) -> None:
        self.requested.append(pins)

    def _learn(self, stack: str, pins: Sequence[StackPin]) -> None:
        self.learnt = [pin.name for pin in pins]
        self.meanwhile()

    def scan(self) -> StackReport:
        """The report, as the ledger has it."""
        report = self._scanner.scan(STACK)
        kept = self.ledger.get(report_key(STACK))
        assert kept is not None
        assert StackReport.read(kept) == report
        return report

    def function(self) -> FunctionReport:
        (one,) = self.scan().functions
        return one

    def deploys(self, tag: str, **spec: Any) -> str:
        """A person runs an `up`; returns the digest."""
        digest = self.stack.push(tag)
        if self.stack.resources:
            self.stack.client.delete("checkout")
            self.stack.resources.clear()
        self.stack.deploy("checkout", tag, **spec)
        return digest

    def job(self) -> Job:
        """A job of the stack that runs."""
        now = SystemClock().now()
        self.ledger.request(STACK, ["checkout"], now)
        job = self.ledger.claim(STACK, "me", now, timedelta(minutes=1))
        assert job is not None
        return job

    @property
    def recorded(self) -> Sequence[str]:
        return [one.to_tag for one in self.ledger.deployments(stack=STACK)]


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScanHarness]:
    with Emulator(knobs=INSTANT).serve() as cloud:
        stack = DeployedStack(tmp_path, cloud)
        monkeypatch.setenv("PATH", stack.path())
        ledger = sqlite_ledger(tmp_path / "ledger.sqlite")
        yield ScanHarness(stack, ledger)
        ledger.close()


def test_every_function_is_reported(harness: ScanHarness) -> None:
    digest = harness.deploys("main-1")
    harness.stack.push("other-1")
    harness.stack.deploy("basket", "other-1", policy={"semver": {"range": "1.x"}}, min_age="2h")
    report = harness.scan()
    basket, checkout = report.functions
    assert (report.engine, report.error, report.stack) == ("pulumi", None, STACK)
    assert (checkout.pin, checkout.tag, checkout.digest, checkout.region) == (
        "checkout",
        "main-1",
        digest,
        "cn-hangzhou",
    )
    assert (checkout.policy, basket.policy) == ("family main", "semver 1.x, min_age 2h")
    assert (checkout.drift, checkout.repository) == (Kind.OK, harness.stack.repository)
    assert checkout.since is not None, "Function Compute has the time of the last change"
    assert (harness.learnt, harness.requested) == (["basket", "checkout"], [])


def test_a_moved_tag_without_an_event_becomes_a_job_once(harness: ScanHarness) -> None:
    harness.deploys("main-1")
    harness.stack.push("main-1", "moved")
    outage = harness.function()
    assert outage.drift is Kind.MOVED_TAG
    assert outage.exposed_seconds is not None
    assert "cannot start" in outage.sentence
    harness.scan()
    assert harness.requested == [["checkout"]]
    harness.stack.push("main-1", "moved again")
    harness.scan()
    assert harness.requested == [["checkout"], ["checkout"]]


@pytest.mark.parametrize("reason", ["a job runs", "the function is suspended"])
def test_a_moved_tag_becomes_no_job(harness: ScanHarness, reason: str) -> None:
    is_suspended = reason == "the function is suspended"
    harness.deploys("main-1", **FAMILY, suspend=is_suspended)
    harness.stack.push("main-1", "moved")
    if not is_suspended:
        harness.job()
    function = harness.function()
    assert (function.drift, function.suspended, harness.requested) == (Kind.MOVED_TAG, is_suspended, [])


def test_what_a_person_deployed_is_recorded_once(harness: ScanHarness) -> None:
    old = harness.deploys("main-1")
    harness.scan()
    new = harness.deploys("main-2")
    function = harness.function()
    harness.scan()
    (one,) = harness.ledger.deployments(stack=STACK)
    assert (one.pin, one.job, one.at) == ("checkout", "", function.since)
    assert (one.from_tag, one.from_digest, one.to_tag, one.to_digest) == ("main-1", old, "main-2", new)


def test_what_a_killed_worker_deployed_is_recorded_when_no_job_runs(harness: ScanHarness) -> None:
    """It may have been scanned while its job still seemed to run."""
    harness.deploys("main-1")
    harness.scan()
    harness.deploys("main-2")
    harness.scan()
    job = harness.job()
    harness.deploys("main-3")
    harness.scan()
    assert harness.recorded == ["main-2"]
    harness.ledger.finish(job, Ending(JobState.SUCCEEDED), SystemClock().now())
    harness.scan()
    harness.scan()
    assert harness.recorded == ["main-3", "main-2"]


def test_nothing_is_recorded_of_a_job_that_started_during_the_scan(harness: ScanHarness) -> None:
    harness.deploys("main-1")
    harness.scan()
    harness.deploys("main-2")
    harness.meanwhile = harness.job
    harness.scan()
    assert harness.recorded == []


def test_a_hold_is_reported_as_the_file_has_it_while_it_lasts(harness: ScanHarness) -> None:
    harness.deploys("main-1")
    hold = {"tag": "main-1", "until": "2099-01-01T00:00:00Z", "reason": "main-2 loses orders"}
    harness.stack.functions["checkout"]["hold"] = hold
    harness.stack.configure()
    found = harness.function().hold
    assert found is not None
    assert (found.tag, found.digest, found.reason, found.until.year) == ("main-1", None, "main-2 loses orders", 2099)
    hold["until"] = "2020-01-01T00:00:00Z"
    harness.stack.configure()
    assert harness.function().hold is None


def test_a_stack_that_cannot_be_read_keeps_its_last_report(harness: ScanHarness) -> None:
    harness.deploys("main-1")
    seen = harness.function()
    (harness.stack.folder / "state.json").write_text("no JSON")
    report = harness.scan()
    assert report.functions == (seen,)
    assert report.error is not None
    assert "stack export" in report.error


EMPTY = StackReport(STACK, SystemClock().now(), "pulumi").as_json()
FUNCTION = {"pin": "a", "function_name": "a", "region": "cn-hangzhou", "repository": "r.example.com/a/b", "policy": "", "tag": "", "digest": None, "since": None}  # fmt: skip
ANOTHER_VERSION = [
    ("of no known shape", {"version": 99}),
    ("with a drift that this version does not know", EMPTY | {"functions": [FUNCTION | {"drift": "new"}]}),
    ("with an invalid time", EMPTY | {"at": "noon"}),
    ("with functions of another type", EMPTY | {"functions": 3}),
]


@pytest.mark.parametrize("value", [pytest.param(row[1], id=row[0]) for row in ANOTHER_VERSION])
def test_a_report_of_another_version_is_replaced_by_the_next_scan(harness: ScanHarness, value: dict[str, Any]) -> None:
    assert StackReport.read(EMPTY | {"functions": [FUNCTION | {"drift": "ok"}]}).functions[0].drift is Kind.OK
    with pytest.raises(UnreadableReport, match="next scan"):
        StackReport.read(value)
    harness.ledger.put(report_key(STACK), value)
    assert harness.scan().functions == ()


FILTER = {"pattern": "^main-(.*)$", "extract": "$1"}
STATE_VALUES = {"allow_tags": ["a", "b"], "allow_downgrade": True, "discovery_limit": 50.0}
HIDDEN = {"hold": {"tag": "main-1"}, "suspend": True}
FOLLOW = {"stack": "dev", "image": "host/shop/app:main-1@sha256:00"}
POLICIES = [
    ("a family", FAMILY, "family main"),
    ("a range and an option", {"policy": {"semver": {"range": "1.x"}}, "min_age": "2h"}, "semver 1.x, min_age 2h"),
    ("a filter", {"policy": {"numerical": {}}, "filter_tags": FILTER}, "numerical, filter_tags ^main-(.*)$ $1"),
    ("lists, flags and numbers of a state", FAMILY | STATE_VALUES, "family main, allow_tags a b, allow_downgrade yes, discovery_limit 50"),
    ("another stack, without the image that it runs", {"policy": {"follow": FOLLOW}}, "follow dev"),
    ("holds and suspensions are shown elsewhere", FAMILY | HIDDEN, "family main"),
    ("a secret", None, "secret"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "expected"), [pytest.param(*row[1:], id=row[0]) for row in POLICIES])
def test_a_policy_in_a_few_words(spec: dict[str, Any] | None, expected: str) -> None:
    assert format_policy(spec) == expected
