"""A report comes back from the ledger as it was."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fcpin.drift import Kind
from fcpin.image import parse_digest
from fcpin.receiver.drift_scan.report import FunctionReport, HoldReport, StackReport, UnreadableReport

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DIGEST = parse_digest("a" * 64)
HELD = FunctionReport(
    pin="checkout",
    function_name="shop-checkout",
    region="cn-hangzhou",
    repository="registry.cn-hangzhou.aliyuncs.com/shop/app",
    policy="family main",
    tag="main-11",
    digest=DIGEST,
    since=NOON,
    drift=Kind.MOVED_TAG,
    sentence="main-11 moved",
    exposed_seconds=12.5,
    hold=HoldReport("main-11", None, NOON, "bad release"),
    suspended=True,
)
REPORT = StackReport("prod", NOON, "embedded", (HELD,), error="locked")


def test_a_report_survives_the_ledger() -> None:
    assert StackReport.read(json.loads(json.dumps(REPORT.as_json()))) == REPORT


def test_an_empty_stack_has_a_report() -> None:
    empty = StackReport("dev", NOON, "pulumi")
    assert StackReport.read(empty.as_json()) == StackReport("dev", NOON, "pulumi", ())


FUNCTION = REPORT.as_json()["functions"][0]
BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("of no known shape", {"stack": "prod"}),
    ("with a drift that this version does not know", {"functions": [FUNCTION | {"drift": "cosmic-rays"}]}),
    ("with an invalid time", {"at": "noon"}),
    ("with a digest of another type", {"functions": [FUNCTION | {"digest": 1}]}),
    ("with functions of another type", {"functions": 3}),
]


@pytest.mark.parametrize(("label", "change"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_report_of_another_version_is_not_read(label: str, change: dict[str, Any]) -> None:
    value = change if "stack" in change else REPORT.as_json() | change
    with pytest.raises(UnreadableReport, match="next scan"):
        StackReport.read(value)
