"""The image that another tool is to create a function with: chosen with the pin, kept while the function lives."""

from tests.lifecycle.stack_harness import FUNCTION, StackHarness

PROGRAM = """
import pulumi
from fcpin.initial_image import InitialImage
from fcpin.pinned_function import PinnedFunction, configured_functions

entry = configured_functions()["checkout"]
first = InitialImage("checkout", **entry)
pin = PinnedFunction("checkout", **entry, opts=pulumi.ResourceOptions(depends_on=[first]))
pulumi.export("tags", pulumi.Output.concat("first ", first.tag, ", now ", pin.tag))
"""


def test_it_stays_what_it_was_until_the_function_is_made_again(harness: StackHarness) -> None:
    harness.push("main-1")
    harness.create_by_hand("main-1")
    (harness.stack.folder / "__main__.py").write_text(PROGRAM)
    harness.configure({FUNCTION: harness.entry(config=None)})
    assert "first main-1, now main-1" in harness.stack.up().output
    assert harness.cloud.calls.count("ListRepoTag") == 1, "preview and update, first image and pin: one listing for all"

    harness.push("main-2")
    assert "first main-1, now main-2" in harness.up().output
    assert harness.stack.refresh("--expect-no-changes").code == 0

    harness.client().delete(FUNCTION)
    assert harness.stack.refresh().code == 0
    harness.create_by_hand("main-2")
    assert "first main-2, now main-2" in harness.up().output
    assert harness.stack.destroy().code == 0
    assert harness.deployed().startswith("main-2@")
