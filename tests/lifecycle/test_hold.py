"""A hold on the whole way: rolled back, shown with its end, lifted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

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


def test_a_hold_at_the_digest_that_runs_changes_no_function(shop: Shop) -> None:
    digest = shop.push("main-1")
    shop.up()
    hold(shop, digest=digest)
    shop.push("main-2")
    shop.cloud.calls.clear()
    shop.up()
    assert [call.action for call in shop.cloud.calls].count("UpdateFunction") == 0
    assert shop.deployed() == f"main-1@{digest}"


def test_a_hold_that_is_over_is_ignored_and_asked_to_be_removed(shop: Shop) -> None:
    shop.push("main-1")
    newest = shop.push("main-2")
    until = hold(shop, days=-1, tag="main-1")
    done = shop.up()
    assert f"expired at {until}; remove it" in done.output
    assert shop.deployed() == f"main-2@{newest}"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"tag": "main-0"}, ("hold.tag", "main-0 is not among")),
        ({"digest": "0" * 64}, ("hold.digest", "none of 1 tags")),
    ],
    ids=["tag", "digest"],
)
def test_a_hold_at_what_is_not_there_is_refused(shop: Shop, fields: dict[str, Any], says: tuple[str, ...]) -> None:
    shop.push("main-1")
    hold(shop, **fields)
    done = shop.stack.preview()
    assert done.code == 1
    assert not done.has_traceback, done
    for fact in says:
        assert fact in done.output
    assert shop.cloud.functions() == []
