"""A hold on the whole way: rolled back, shown with its end, lifted."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fcpin.layout import shorten
from tests.lifecycle.stack_harness import FUNCTION, StackHarness


def hold(harness: StackHarness, *, days: float = 1, **fields: Any) -> str:
    """Write a hold that ends so many days from now; gives its end as it is shown."""
    until = datetime.now(UTC) + timedelta(days=days)
    harness.configure({FUNCTION: harness.entry(hold={"until": until.isoformat(), **fields})})
    return until.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_hold_rolls_back_and_stays_until_it_is_lifted(harness: StackHarness) -> None:
    good = harness.push("main-1")
    bad = harness.push("main-2")
    harness.up()
    until = hold(harness, tag="main-1", reason="main-2 loses orders")
    shown = harness.preview("--diff").output
    assert f"held at main-1 until {until}: main-2 loses orders" in shown
    assert all(fact in shown for fact in ("warning", shorten(bad), shorten(good)))
    harness.up()
    assert harness.deployed() == f"main-1@{good}"
    assert harness.stack.resources()[0]["outputs"]["selection"].startswith(f"held at main-1 until {until}")
    harness.push("main-3")
    harness.preview("--expect-no-changes")
    harness.up("--expect-no-changes")
    harness.configure()
    harness.up()
    assert harness.deployed().startswith("main-3@")
