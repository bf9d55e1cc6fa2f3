"""A suspended pin on the whole way: nobody is asked, nothing moves."""

import pytest

from tests.lifecycle.shop import FUNCTION, Shop


def test_a_suspended_pin_stays_without_asking_anybody(shop: Shop) -> None:
    old = shop.push("main-1")
    shop.up()
    newest = shop.push("main-2")
    shop.configure({FUNCTION: shop.entry(suspend=True)})
    shop.cloud.calls.clear()
    done = shop.preview()
    assert "stays on main-1" in done.output
    assert "suspend" in done.output
    assert list(shop.cloud.calls) == []
    shop.up()
    assert [call.action for call in shop.cloud.calls] == ["GetFunction"]
    assert shop.deployed() == f"main-1@{old}"
    shop.preview("--expect-no-changes")
    shop.configure()
    shop.up()
    assert shop.deployed() == f"main-2@{newest}"


def test_only_the_image_of_a_suspended_pin_is_left_alone(shop: Shop) -> None:
    old = shop.push("main-1")
    shop.up()
    shop.push("main-2")
    config = {**shop.entry()["config"], "timeout": 60}
    shop.configure({FUNCTION: shop.entry(suspend=True, config=config)})
    shop.up()
    assert shop.cloud.function(FUNCTION)["timeout"] == 60
    assert shop.deployed() == f"main-1@{old}"


@pytest.mark.parametrize("adopted", [True, False], ids=["adopted", "owned"])
def test_what_was_never_deployed_cannot_be_suspended(shop: Shop, adopted: bool) -> None:
    shop.push("main-1")
    shop.configure({FUNCTION: shop.entry(suspend=True, **({"config": None} if adopted else {}))})
    done = shop.stack.preview()
    assert done.code == 1
    assert "needs a deployed pin" in done.output
    assert not done.has_traceback, done
