"""Functions that must not be deleted, overwritten or mistaken for others."""

from tests.lifecycle.stack_harness import FUNCTION, StackHarness

UNKNOWN_PROGRAM = """
import pulumi
from fcpin.pinned_function import PinnedFunction, configured_functions

entry = configured_functions()["checkout"]
first = PinnedFunction.from_config("checkout", entry)
config = {**entry["config"], "environment_variables": {"FIRST": first.resolved_image_uri}}
second = PinnedFunction("second", **{**entry, "function_name": "second", "config": config})
"""


def names(harness: StackHarness) -> list[str]:
    return [function["functionName"] for function in harness.cloud.functions()]


def test_a_renamed_entry_takes_its_function_along(harness: StackHarness) -> None:
    harness.push("main-1")
    harness.up()
    harness.configure({"renamed": harness.entry(adopt=True)})
    harness.up()
    assert names(harness) == [FUNCTION]


def test_an_input_that_is_not_known_yet_leaves_the_pin_to_the_preview(harness: StackHarness) -> None:
    harness.push("main-1")
    (harness.stack.folder / "__main__.py").write_text(UNKNOWN_PROGRAM)
    harness.up()
    harness.push("main-2")
    shown = harness.preview("--diff").output
    assert shown.count("main-2") >= 2
    assert "replace" not in shown
    harness.up()
    assert harness.deployed("second") == harness.deployed()
