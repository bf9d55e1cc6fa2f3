"""The image that another tool is to create a function with: chosen with the pin, kept while the function lives."""

from tests.lifecycle.shop import FUNCTION, Shop

PROGRAM = """
import pulumi
from fcpin.initial_image import InitialImage
from fcpin.pinned_function import PinnedFunction, configured_functions

entry = configured_functions()["checkout"]
first = InitialImage("checkout", **entry)
pin = PinnedFunction("checkout", **entry, opts=pulumi.ResourceOptions(depends_on=[first]))
pulumi.export("tags", pulumi.Output.concat("first ", first.tag, ", now ", pin.tag))
"""


def test_it_stays_what_it_was_until_the_function_is_made_anew(shop: Shop) -> None:
    shop.push("main-1")
    shop.create_by_hand("main-1")
    (shop.stack.folder / "__main__.py").write_text(PROGRAM)
    shop.configure({FUNCTION: shop.entry(config=None)})
    assert "first main-1, now main-1" in shop.stack.up().output
    assert shop.cloud.calls.count("ListRepoTag") == 1, "preview and update, first image and pin: one listing for all"

    shop.push("main-2")
    assert "first main-1, now main-2" in shop.up().output
    assert shop.stack.refresh("--expect-no-changes").code == 0

    shop.client().delete(FUNCTION)
    assert shop.stack.refresh().code == 0
    shop.create_by_hand("main-2")
    assert "first main-2, now main-2" in shop.up().output
    assert shop.stack.destroy().code == 0
    assert shop.deployed().startswith("main-2@")
