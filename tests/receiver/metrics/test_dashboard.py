"""The Grafana dashboard shows metrics that there are, and the page of the documentation names them all."""

import json
import re
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from fcpin.call_statistics import Call, Outcome
from fcpin.receiver.metrics.counters import Counters
from tests.receiver.metrics.scraped import Scraped, function

ROOT = Path(__file__).parent.parent.parent.parent
DASHBOARD = json.loads((ROOT / "docs" / "grafana" / "fcpin-receiver.json").read_text())
PAGE = (ROOT / "docs" / "receiver" / "reference.md").read_text()
_METRIC = re.compile(r"fcpin_receiver_\w+")
_LABELS = re.compile(r"(?:by|on) \(([\w, ]+)\)|\{(\w+)[=!~]|,\s*(\w+)[=!~]")


def samples_of(scraped: Scraped) -> dict[str, set[str]]:
    """The name of every sample, with its labels."""
    scraped.surveyed(function("api", exposed=1.0))
    _, text = scraped.get()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {one.name: set(one.labels) for one in samples} | _counted()


def _counted() -> dict[str, set[str]]:
    """Those without a sample before the first increment."""
    registry = CollectorRegistry()
    Counters(registry, (), ())
    ends = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
    return {
        f"{family.name}{end}": {"stack", "le"}
        if family.type == "histogram"
        else {"sender", "reason", "stack", "outcome", "service"}
        for family in registry.collect()
        for end in ends[family.type]
    } | {"fcpin_receiver_api_calls_total": {"service", "operation", "outcome"}}


def expressions() -> list[str]:
    targets = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [*targets, *(one["query"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query")]


def test_the_dashboard_uses_existing_metrics_and_labels(scraped: Scraped) -> None:
    known = samples_of(scraped)
    for expression in expressions():
        for name in _METRIC.findall(expression):
            assert name in known, expression
        labels = {word for found in _LABELS.findall(expression) for part in found for word in part.split(", ") if word}
        assert labels <= {label for name in _METRIC.findall(expression) for label in known[name]}, expression


NOT_SHOWN = {
    "fcpin_receiver_build_info",
    "fcpin_receiver_created_proposals_total",
    "fcpin_receiver_ignored_events_total",
}
"""The version, what is shown as those that wait, and events that change nothing."""


def test_the_dashboard_shows_every_metric(scraped: Scraped) -> None:
    shown = {name.removesuffix("_bucket") for expression in expressions() for name in _METRIC.findall(expression)}
    there = {re.sub(r"_(bucket|count|sum)$", "", name) for name in samples_of(scraped) if not name.endswith("_created")}
    assert shown == there - NOT_SHOWN


def test_panels_do_not_overlap_and_are_described() -> None:
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    assert all(panel["description"] for panel in DASHBOARD["panels"])


def test_every_metric_has_a_row_in_the_documentation(scraped: Scraped) -> None:
    scraped.surveyed(function("api", exposed=1.0))
    scraped.calls = {Call("fc", "GetFunction", Outcome.OK): 1}
    _, text = scraped.get()
    counters = CollectorRegistry()
    Counters(counters, (), ())
    families = [*text_string_to_metric_families(text), *counters.collect()]
    for family in (one for one in families if not one.name.endswith("_created")):
        name = family.name.removeprefix("fcpin_receiver_")
        row = rf"^\| `{name}(_total|_info)?` \| [\w, ]*\| {re.escape(family.documentation)} \|$"
        assert re.search(row, PAGE, re.MULTILINE), f"{name}: {family.documentation}"
