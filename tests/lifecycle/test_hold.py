"""A hold on the whole way: rolled back, shown with its end, lifted."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fcpin.layout import shorten
from tests.lifecycle.shop import FUNCTION, Shop


def hold(shop: Shop, *, days: float = 1, **fields: Any) -> str:
    """Write a hold that ends so many days from now; gives its end as it is shown."""
    until = datetime.now(UTC) + timedelta(days=days)
    shop.configure({FUNCTION: shop.entry(hold={"until": until.isoformat(), **fields})})
    return until.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_hold_rolls_back_and_stays_until_it_is_lifted(shop: Shop) -> None:
    good = shop.push("main-1")
    bad = shop.push("main-2")
    shop.up()
    until = hold(shop, tag="main-1", reason="main-2 loses orders")
    shown = shop.preview("--diff").output
    assert f"held at main-1 until {until}: main-2 loses orders" in shown
    assert all(fact in shown for fact in ("warning", shorten(bad), shorten(good)))
    shop.up()
    assert shop.deployed() == f"main-1@{good}"
    assert shop.stack.resources()[0]["outputs"]["selection"].startswith(f"held at main-1 until {until}")
    shop.push("main-3")
    shop.preview("--expect-no-changes")
    shop.up("--expect-no-changes")
    shop.configure()
    shop.up()
    assert shop.deployed().startswith("main-3@")
