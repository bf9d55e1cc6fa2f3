"""The samples of `/metrics`, over a real ledger."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fcpin.call_statistics import Call, Outcome
from fcpin.drift import Kind
from fcpin.receiver.errors import Reason
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Ending, Freeze, Job, JobState
from fcpin.receiver.settings.model import ReceiverSettings
from fcpin.receiver.settings.secrets import Secret
from tests.receiver.metrics.scraped import Scraped, function
from tests.receiver.samples import NOON, at, deployment, proposal, push

DEPLOYED = deployment("api", from_tag="main", to_tag="main", at=at(60))
JOB = Job("1", "prod", JobState.RUNNING, NOON, None)
QUIET = timedelta(seconds=1)


ENDINGS = [
    ("deployed", Ending(JobState.SUCCEEDED), "succeeded"),
    ("to be tried again", Ending(JobState.PENDING, "no", at(5), is_retry=True), "retried"),
    ("outside of its window", Ending(JobState.PENDING, "no", at(5)), "pending"),
    ("to be approved", Ending(JobState.WAITING_FOR_APPROVAL), "waiting_for_approval"),
    ("given up", Ending(JobState.FAILED), "failed"),
]


@pytest.mark.parametrize(("ending", "outcome"), [row[1:] for row in ENDINGS], ids=[row[0] for row in ENDINGS])
def test_an_attempt_is_counted_by_how_it_ended(scraped: Scraped, ending: Ending, outcome: str) -> None:
    before = scraped.values()[f"attempts_total{{{outcome},prod}}"]
    scraped.metrics.counters.ended(JOB, ending, 2.5)
    values = scraped.values()
    assert (before, values[f"attempts_total{{{outcome},prod}}"]) == (0, 1)
    assert values["attempt_seconds_sum{prod}"] == 2.5


def test_pushes_and_refusals_are_counted_by_sender(scraped: Scraped) -> None:
    scraped.metrics.counters.accepted("acr")
    scraped.metrics.counters.ignored("acr", "pull")
    scraped.metrics.counters.rejected("acr", Reason.REPLAYED)
    scraped.metrics.counters.rejected("", Reason.INVALID_SECRET)
    values = scraped.values()
    assert (values["accepted_events_total{acr}"], values["ignored_events_total{pull,acr}"]) == (1, 1)
    assert (values["rejected_total{replayed,acr}"], values["rejected_total{invalid_secret,}"]) == (1, 1)


def test_names_outside_of_the_configuration_make_no_label(scraped: Scraped) -> None:
    scraped.metrics.counters.accepted("x" * 50)
    scraped.metrics.counters.deployed(replace(DEPLOYED, stack="y" * 50))
    _, text = scraped.get()
    assert "xxx" not in text
    assert "yyy" not in text


DEPLOYMENTS = [
    ("a moved tag was an outage until then", {"exposed_seconds": 4.0, "outage": True}, 4.0, 1),
    ("a newer tag was none", {"exposed_seconds": 4.0, "to_tag": "main-2"}, 0.0, 1),
    ("without the push's time there is nothing to count", {"outage": True}, 0.0, 0),
]


@pytest.mark.parametrize(
    ("change", "outage", "observed"), [row[1:] for row in DEPLOYMENTS], ids=[row[0] for row in DEPLOYMENTS]
)
def test_seconds_of_a_deployment(scraped: Scraped, change: dict[str, object], outage: float, observed: int) -> None:
    scraped.metrics.counters.deployed(replace(DEPLOYED, **change))  # type: ignore[arg-type]
    values = scraped.values()
    assert values["deployments_total{prod}"] == 1
    assert values["outage_seconds_total{prod}"] == outage
    assert values.get("push_to_deployed_seconds_count{prod}", 0) == observed


def test_the_queue_is_the_ledger_s(scraped: Scraped) -> None:
    scraped.ledger.add_event(push(), ["prod"], NOON, debounce=QUIET, max_wait=QUIET)
    scraped.clock.advance(30)
    values = scraped.values()
    assert (values["jobs{prod,pending}"], values["jobs{prod,running}"]) == (1, 0)
    assert values["oldest_pending_seconds{}"] == 30
    scraped.ledger.claim("prod", "w", scraped.clock.now(), timedelta(seconds=30))
    values = scraped.values()
    assert (values["jobs{prod,pending}"], values["jobs{prod,running}"], values["oldest_pending_seconds{}"]) == (0, 1, 0)


def test_what_waits_for_people(scraped: Scraped) -> None:
    scraped.ledger.set_freeze(Freeze("kim", "audit", NOON))
    scraped.ledger.set_proposals("prod", [proposal("api", "t")])
    values = scraped.values()
    assert (values["frozen{}"], values["proposals{prod}"]) == (1, 1)
    scraped.ledger.approve("t", "kim", NOON)
    assert scraped.values()["proposals{prod}"] == 0


def test_drift_is_what_the_last_survey_saw(scraped: Scraped) -> None:
    scraped.surveyed(function("api"), function("web", Kind.NEWER_TAG), function("jobs", Kind.NEWER_TAG))
    values = scraped.values()
    found = {kind: values[f"functions{{{kind},prod}}"] for kind in ("ok", "newer-tag", "moved-tag")}
    assert found == {"ok": 1, "newer-tag": 2, "moved-tag": 0}
    assert values["scan_timestamp_seconds{prod}"] == NOON.timestamp()
    scraped.surveyed(error="the state cannot be read")
    assert scraped.values()["scan_failed{prod}"] == 1


def test_exposure_goes_on_after_the_survey_and_ends_with_the_deployment(scraped: Scraped) -> None:
    scraped.surveyed(function("api", Kind.MOVED_TAG, exposed=10.0), function("web"))
    scraped.clock.advance(5)
    values = scraped.values()
    assert values["exposed_seconds{api,prod}"] == 15
    assert "exposed_seconds{web,prod}" not in values
    scraped.ledger.record_deployment(DEPLOYED)
    assert "exposed_seconds{api,prod}" not in scraped.values()


def test_calls_are_those_of_the_tally(ledger: Ledger) -> None:
    calls = {Call("fc", "UpdateFunction", Outcome.OK): 3, Call("registry", "GET manifests", Outcome.THROTTLED): 1}
    values = Scraped(ledger, calls=calls).values()
    assert values["api_calls_total{UpdateFunction,ok,fc}"] == 3
    assert values["api_calls_total{GET manifests,throttled,registry}"] == 1


def test_counters_without_the_ledger(scraped: Scraped) -> None:
    scraped.metrics.counters.accepted("acr")
    scraped.ledger.close()
    values = scraped.values()
    assert (values["ledger_up{}"], values["accepted_events_total{acr}"]) == (0, 1)
    assert "frozen{}" not in values


TOKEN = "a-token-of-the-metrics"
BEARERS = [
    ("the token", {"Authorization": f"Bearer {TOKEN}"}, 200),
    ("nothing", {}, 401),
    ("another token", {"Authorization": "Bearer another"}, 401),
    ("the token as another scheme", {"Authorization": f"Basic {TOKEN}"}, 401),
]


@pytest.mark.parametrize(("headers", "status"), [row[1:] for row in BEARERS], ids=[row[0] for row in BEARERS])
def test_metrics_behind_a_token(ledger: Ledger, headers: dict[str, str], status: int) -> None:
    settings = ReceiverSettings(stacks={}, senders={}, metrics_token=Secret("env:TOKEN", TOKEN))
    answered, text = Scraped(ledger, settings).get(headers)
    assert answered == status
    assert TOKEN not in text
