"""Pulumi's resource options that meet rules of the provider; `tests/engine/test_deployment.py` has the others."""

from tests.lifecycle.stack_harness import FUNCTION, StackHarness

PROGRAM = """
import pulumi
from fcpin.pinned_function import PinnedFunction, configured_functions

for name, entry in configured_functions().items():
    PinnedFunction.from_config(name, entry, opts=pulumi.ResourceOptions({options}))
"""


def write_program(harness: StackHarness, options: str) -> None:
    (harness.stack.folder / "__main__.py").write_text(PROGRAM.replace("{options}", options))


def test_ignore_changes_stays_on_the_pin_without_a_new_one(harness: StackHarness) -> None:
    old = harness.push("main-1")
    harness.up()
    harness.push("main-2")
    write_program(harness, 'ignore_changes=["tag", "digest", "image"]')
    harness.preview("--expect-no-changes")
    write_program(harness, "")
    assert "main-2" in harness.preview("--diff").output
    assert harness.deployed() == f"main-1@{old}"


def test_replace_on_changes_of_a_setting_keeps_the_function_of_that_name(harness: StackHarness) -> None:
    digest = harness.push("main-1")
    write_program(harness, 'replace_on_changes=["config"]')
    harness.up()
    harness.configure({FUNCTION: harness.entry(config={**harness.entry()["config"], "memory_size": 1024})})
    harness.up()
    assert harness.deployed() == f"main-1@{digest}"
    assert harness.cloud.function(FUNCTION)["memorySize"] == 1024
    assert harness.stack.resources()[0]["outputs"]["ownership"] == "created"
    harness.preview("--expect-no-changes")


def test_a_function_that_cannot_be_deleted_stays_in_the_state(harness: StackHarness) -> None:
    harness.push("main-1")
    harness.up()
    harness.cloud.fail_next("DeleteFunction", status=403, code="AccessDenied", times=2)
    done = harness.stack.destroy()
    assert done.code != 0
    assert "AccessDenied" in done.output
    assert not done.has_traceback, done
    assert len(harness.stack.resources()) == 1
    harness.cloud.clear_faults()
    assert harness.stack.destroy().code == 0
    assert harness.cloud.functions() == []
