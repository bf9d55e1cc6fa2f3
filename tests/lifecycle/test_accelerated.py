"""Conversions of ACR Enterprise on the whole way."""

from tests.lifecycle.shop import FUNCTION, Shop


def test_the_conversion_is_waited_for_and_deployed(shop: Shop) -> None:
    shop.push("main-1")
    converted = shop.push("main-1_accelerated")
    shop.configure({FUNCTION: shop.entry(accelerated="prefer", accelerated_wait="10m")})
    shop.up()
    assert shop.deployed() == f"main-1_accelerated@{converted}"
    assert "as main-1_accelerated" in shop.stack.resources()[0]["outputs"]["selection"]
    shop.push("main-2")
    waits = shop.preview("--expect-no-changes")
    assert "main-2 waits for its accelerated image until " in waits.output
    converted = shop.push("main-2_accelerated")
    shop.up()
    assert shop.deployed() == f"main-2_accelerated@{converted}"
    shop.preview("--expect-no-changes")


def test_the_original_is_taken_when_the_time_is_over_and_it_is_said(shop: Shop) -> None:
    digest = shop.push("main-1")
    shop.configure({FUNCTION: shop.entry(accelerated="prefer", accelerated_wait="0.1s")})
    shop.up()
    assert shop.deployed() == f"main-1@{digest}"
    assert "no accelerated image" in shop.stack.resources()[0]["outputs"]["selection"]


def test_a_required_conversion_that_is_not_there_is_no_first_deployment(shop: Shop) -> None:
    shop.push("main-1")
    shop.configure({FUNCTION: shop.entry(accelerated="require")})
    done = shop.stack.preview()
    assert done.code == 1
    assert "no accelerated image" in done.output
    assert not done.has_traceback, done
