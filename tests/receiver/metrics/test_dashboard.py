"""The Grafana dashboard and the documentation have every metric, and no other."""

import json
import re
from itertools import combinations
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from fcpin.call_statistics import Call, Outcome
from fcpin.receiver.metrics.counters import Counters
from tests.receiver.metrics.scraped import Scraped
from tests.receiver.samples import function, scanned

DOCS = Path(__file__).parent.parent.parent.parent / "docs"
DASHBOARD = json.loads((DOCS / "grafana" / "fcpin-receiver.json").read_text())
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
EXPRESSIONS += [one["query"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]
METRIC = re.compile(r"fcpin_receiver_\w+")
LABELS = re.compile(r"(?:by|on) \(([\w, ]+)\)|\{(\w+)[=!~]|,\s*(\w+)[=!~]")
ENDS = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
COUNTED = {"sender", "reason", "stack", "outcome", "service"}
NOT_SHOWN = {
    "fcpin_receiver_build_info",
    "fcpin_receiver_created_proposals_total",
    "fcpin_receiver_ignored_events_total",
}
"""The version, what is shown as those that wait, and events that change nothing."""


@pytest.fixture
def families(scraped: Scraped) -> list[Metric]:
    """With those that have no sample before the first increment."""
    scanned(scraped.ledger, "prod", function("api", exposed_seconds=1.0))
    scraped.calls = {Call("fc", "GetFunction", Outcome.OK): 1}
    counters = CollectorRegistry()
    Counters(counters, (), ())
    found = [*text_string_to_metric_families(scraped.get()[1]), *counters.collect()]
    return [one for one in found if not one.name.endswith("_created")]


@pytest.fixture
def labels(families: list[Metric]) -> dict[str, set[str]]:
    """Of each metric, by name."""
    counted = {
        f"{one.name}{end}": {"stack", "le"} if one.type == "histogram" else COUNTED
        for one in families
        for end in ENDS.get(one.type, ())
    }
    sampled = {sample.name: set(sample.labels) for one in families for sample in one.samples}
    return counted | {name: found for name, found in sampled.items() if not name.endswith("_created")}


def test_the_dashboard_uses_existing_metrics_and_labels(labels: dict[str, set[str]]) -> None:
    for expression in EXPRESSIONS:
        names = METRIC.findall(expression)
        assert set(names) <= set(labels), expression
        used = {word for found in LABELS.findall(expression) for part in found for word in part.split(", ") if word}
        assert used <= {label for name in names for label in labels[name]}, expression


def test_the_dashboard_shows_every_metric(labels: dict[str, set[str]]) -> None:
    shown = {name.removesuffix("_bucket") for expression in EXPRESSIONS for name in METRIC.findall(expression)}
    assert shown == {re.sub(r"_(bucket|count|sum)$", "", name) for name in labels} - NOT_SHOWN


def test_panels_do_not_overlap_and_are_described() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    for one, other in combinations(places, 2):
        apart = (
            one[axis] + one[size] <= other[axis] or other[axis] + other[size] <= one[axis]
            for axis, size in ("xw", "yh")
        )
        assert any(apart), (one, other)
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
    assert all(panel["description"] for panel in DASHBOARD["panels"])


def test_every_metric_has_a_row_in_the_documentation(families: list[Metric]) -> None:
    page = (DOCS / "receiver" / "reference.md").read_text()
    for family in families:
        name = family.name.removeprefix("fcpin_receiver_")
        row = rf"^\| `{name}(_total|_info)?` \| [\w, ]*\| {re.escape(family.documentation)} \|$"
        assert re.search(row, page, re.MULTILINE), f"{name}: {family.documentation}"
