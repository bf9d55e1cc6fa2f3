"""What Function Compute is documented to refuse is reported in the preview, by both engines."""

from tests.lifecycle.shop import FUNCTION, Shop


def test_an_economy_instance_stops_the_preview(shop: Shop) -> None:
    shop.push("main-1")
    shop.cloud.set_instance_specification("Enterprise_Economy")
    done = shop.stack.preview()
    assert done.code == 1
    assert not done.has_traceback, done
    assert "Economy edition" in done.output
    assert shop.cloud.functions() == []


def test_a_function_that_moves_to_another_region_is_warned_of_its_unchanged_image(shop: Shop) -> None:
    shop.push("main-1")
    assert "its image in" not in shop.up().output
    assert "its image in" not in shop.preview("--expect-no-changes").output
    shop.configure({FUNCTION: shop.entry(region="cn-shanghai")})
    diagnostics = shop.preview().output.partition("Diagnostics:")[2]
    assert diagnostics.count("checkout: the function is in cn-shanghai, and its image in cn-hangzhou") == 1
