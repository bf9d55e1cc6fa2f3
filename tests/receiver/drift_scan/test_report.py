"""A report comes back from the ledger as it was."""

import json
from typing import Any

import pytest

from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import FunctionReport, HoldReport, StackReport, UnreadableReport
from tests.receiver.pins import A
from tests.receiver.samples import NOON

HELD = FunctionReport(
    pin="checkout",
    function_name="shop-checkout",
    region="cn-hangzhou",
    repository="registry.cn-hangzhou.aliyuncs.com/shop/app",
    policy="family main",
    tag="main-11",
    digest=A,
    since=NOON,
    drift=Kind.MOVED_TAG,
    exposed_seconds=12.5,
    hold=HoldReport("main-11", None, NOON, "bad release"),
    suspended=True,
)
REPORT = StackReport("prod", NOON, "embedded", (HELD,), error="locked")
EMPTY = StackReport("dev", NOON, "pulumi")


@pytest.mark.parametrize("report", [REPORT, EMPTY], ids=["full", "empty"])
def test_a_report_survives_the_ledger(report: StackReport) -> None:
    assert StackReport.read(json.loads(json.dumps(report.as_json()))) == report


FUNCTION = REPORT.as_json()["functions"][0]
BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("of no known shape", {"stack": "prod"}),
    ("with a drift that this version does not know", REPORT.as_json() | {"functions": [FUNCTION | {"drift": "new"}]}),
    ("with an invalid time", REPORT.as_json() | {"at": "noon"}),
    ("with functions of another type", REPORT.as_json() | {"functions": 3}),
]


@pytest.mark.parametrize("value", [pytest.param(row[1], id=row[0]) for row in BROKEN])
def test_a_report_of_another_version_is_not_read(value: dict[str, Any]) -> None:
    with pytest.raises(UnreadableReport, match="next scan"):
        StackReport.read(value)
