"""Functions that other tools created: taken over without being rebuilt, given back without being deleted."""

from tests.lifecycle.stack_harness import FUNCTION, StackHarness


def test_destroy_leaves_an_adopted_function_running_with_a_note(harness: StackHarness) -> None:
    digest = harness.push("main-1")
    harness.create_by_hand("main-1")
    harness.configure({FUNCTION: harness.entry(config=None)})
    harness.up()
    done = harness.stack.destroy()
    assert done.code == 0, done
    assert "adopted" in done.output
    assert harness.deployed() == f"main-1@{digest}"
