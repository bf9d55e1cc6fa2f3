"""Functions that must not be deleted, overwritten or mistaken for others."""

from tests.lifecycle.shop import FUNCTION, Shop

UNKNOWN_PROGRAM = """
import pulumi
from fcpin.pinned_function import PinnedFunction, configured_functions

entry = configured_functions()["checkout"]
first = PinnedFunction.from_config("checkout", entry)
config = {**entry["config"], "environment_variables": {"FIRST": first.resolved_image_uri}}
second = PinnedFunction("second", **{**entry, "function_name": "second", "config": config})
"""


def names(shop: Shop) -> list[str]:
    return [function["functionName"] for function in shop.cloud.functions()]


def test_a_renamed_entry_takes_its_function_along(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    shop.configure({"renamed": shop.entry(adopt=True)})
    shop.up()
    assert names(shop) == [FUNCTION]


def test_an_input_that_is_not_known_yet_leaves_the_pin_to_the_preview(shop: Shop) -> None:
    shop.push("main-1")
    (shop.stack.folder / "__main__.py").write_text(UNKNOWN_PROGRAM)
    shop.up()
    shop.push("main-2")
    shown = shop.preview("--diff").output
    assert shown.count("main-2") >= 2
    assert "replace" not in shown
    shop.up()
    assert shop.deployed("second") == shop.deployed()
