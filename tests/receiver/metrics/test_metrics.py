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
from tests.receiver.metrics.scraped import Scraped
from tests.receiver.samples import NO_TIME, NOON, at, deployment, function, proposal, push, scanned

DEPLOYED = deployment("api", from_tag="main", to_tag="main", at=at(60))
LEASE = timedelta(seconds=30)
JOB = Job("1", "prod", JobState.RUNNING, NOON, None)
ENDINGS = [
    ("succeeded", Ending(JobState.SUCCEEDED)),
    ("retried", Ending(JobState.PENDING, "no", at(5), is_retry=True)),
    ("pending", Ending(JobState.PENDING, "no", at(5))),
    ("waiting_for_approval", Ending(JobState.WAITING_FOR_APPROVAL)),
    ("failed", Ending(JobState.FAILED)),
]


@pytest.mark.parametrize(("outcome", "ending"), ENDINGS)
def test_an_attempt_is_counted_by_its_end(scraped: Scraped, outcome: str, ending: Ending) -> None:
    before = scraped.values()[f"attempts_total{{{outcome},prod}}"]
    scraped.metrics.counters.ended(JOB, ending, 2.5)
    values = scraped.values()
    assert (before, values[f"attempts_total{{{outcome},prod}}"]) == (0, 1)
    assert values["attempt_seconds_sum{prod}"] == 2.5


def test_events_and_rejections_are_counted_by_sender(scraped: Scraped) -> None:
    counters = scraped.metrics.counters
    counters.accepted("acr")
    counters.ignored("acr", "pull")
    counters.rejected("acr", Reason.REPLAYED)
    counters.rejected("", Reason.INVALID_SECRET)
    values = scraped.values()
    assert (values["accepted_events_total{acr}"], values["ignored_events_total{pull,acr}"]) == (1, 1)
    assert (values["rejected_total{replayed,acr}"], values["rejected_total{invalid_secret,}"]) == (1, 1)


def test_names_outside_of_the_configuration_make_no_label(scraped: Scraped) -> None:
    scraped.metrics.counters.accepted("x" * 50)
    scraped.metrics.counters.deployed(replace(DEPLOYED, stack="y" * 50))
    _, text = scraped.get()
    assert "xxx" not in text
    assert "yyy" not in text


DEPLOYMENTS: list[tuple[str, dict[str, object], float, int]] = [
    ("a moved tag was an outage", {"exposed_seconds": 4.0, "outage": True}, 4.0, 1),
    ("a newer tag was none", {"exposed_seconds": 4.0, "to_tag": "main-2"}, 0.0, 1),
    ("without the time of the push", {"outage": True}, 0.0, 0),
]


@pytest.mark.parametrize(("change", "outage", "observed"), [pytest.param(*row[1:], id=row[0]) for row in DEPLOYMENTS])
def test_seconds_of_a_deployment(scraped: Scraped, change: dict[str, object], outage: float, observed: int) -> None:
    scraped.metrics.counters.deployed(replace(DEPLOYED, **change))  # type: ignore[arg-type]
    values = scraped.values()
    assert values["deployments_total{prod}"] == 1
    assert values["outage_seconds_total{prod}"] == outage
    assert values.get("push_to_deployed_seconds_count{prod}", 0) == observed


def test_jobs_proposals_and_the_freeze(scraped: Scraped) -> None:
    scraped.ledger.add_event(push(), ["prod"], NOON, debounce=NO_TIME, max_wait=NO_TIME)
    scraped.ledger.set_freeze(Freeze("kim", "audit", NOON))
    scraped.ledger.set_proposals("prod", [proposal("api", "t")])
    scraped.clock.advance(30)
    values = scraped.values()
    assert (values["jobs{prod,pending}"], values["jobs{prod,running}"]) == (1, 0)
    assert values["oldest_pending_seconds{}"] == 30
    assert (values["frozen{}"], values["proposals{prod}"]) == (1, 1)
    scraped.ledger.claim("prod", "w", scraped.clock.now(), LEASE)
    values = scraped.values()
    assert (values["jobs{prod,pending}"], values["jobs{prod,running}"], values["oldest_pending_seconds{}"]) == (0, 1, 0)
    scraped.ledger.approve("t", "kim", NOON)
    assert scraped.values()["proposals{prod}"] == 0


def test_the_last_drift_scan(scraped: Scraped) -> None:
    newer = [function(pin, Kind.NEWER_TAG) for pin in ("web", "jobs")]
    scanned(scraped.ledger, "prod", function("api", Kind.MOVED_TAG, exposed_seconds=10.0), *newer)
    scraped.clock.advance(5)
    values = scraped.values()
    found = {kind: values[f"functions{{{kind},prod}}"] for kind in ("ok", "newer-tag", "moved-tag")}
    assert found == {"ok": 0, "newer-tag": 2, "moved-tag": 1}
    assert values["scan_timestamp_seconds{prod}"] == NOON.timestamp()
    assert values["exposed_seconds{api,prod}"] == 15, "it goes on after the scan"
    assert "exposed_seconds{web,prod}" not in values
    scraped.ledger.record_deployment(DEPLOYED)
    assert "exposed_seconds{api,prod}" not in scraped.values()
    scanned(scraped.ledger, "prod", error="the state cannot be read")
    assert scraped.values()["scan_failed{prod}"] == 1


def test_calls_are_those_of_the_statistics(ledger: Ledger) -> None:
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
AUTHORIZATIONS = [(f"Bearer {TOKEN}", 200), ("", 401), ("Bearer another", 401), (f"Basic {TOKEN}", 401)]


@pytest.mark.parametrize(("authorization", "status"), AUTHORIZATIONS)
def test_metrics_behind_a_token(ledger: Ledger, authorization: str, status: int) -> None:
    settings = ReceiverSettings(stacks={}, senders={}, metrics_token=Secret("env:TOKEN", TOKEN))
    found, text = Scraped(ledger, settings).get({"Authorization": authorization} if authorization else {})
    assert found == status
    assert TOKEN not in text
