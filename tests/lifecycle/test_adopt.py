"""Functions that other tools created: taken over without being rebuilt, given back without being deleted."""

from tests.lifecycle.stack_harness import FUNCTION, StackHarness


def test_an_adopted_function_gets_its_image_and_keeps_everything_else(harness: StackHarness) -> None:
    harness.push("main-1")
    harness.create_by_hand("main-1", memorySize=1024, cpu=1, diskSize=512, environmentVariables={"MADE_BY": "s deploy"})
    newest = harness.push("main-2")
    harness.configure({FUNCTION: harness.entry(config=None)})
    harness.up()
    function = harness.cloud.function(FUNCTION)
    assert harness.deployed() == f"main-2@{newest}"
    assert function["environmentVariables"] == {"MADE_BY": "s deploy"}
    assert function["memorySize"] == 1024
    assert function["customContainerConfig"]["port"] == 8080
    assert harness.stack.resources()[0]["outputs"]["ownership"] == "adopted"


def test_destroy_leaves_an_adopted_function_running_with_a_note(harness: StackHarness) -> None:
    digest = harness.push("main-1")
    harness.create_by_hand("main-1")
    harness.configure({FUNCTION: harness.entry(config=None)})
    harness.up()
    done = harness.stack.destroy()
    assert done.code == 0, done
    assert "adopted" in done.output
    assert harness.deployed() == f"main-1@{digest}"
