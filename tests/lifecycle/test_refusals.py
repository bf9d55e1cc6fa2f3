"""Bad input and failures in the engine's output: one clear line each, and nothing changed."""

from tests.lifecycle.stack_harness import FUNCTION, StackHarness


def test_all_problems_are_shown_in_the_preview_with_their_property_paths(harness: StackHarness) -> None:
    harness.push("main-1")
    bad = {"polcy": {}, "deadline": -1, "config": {"cpu": 99}, "policy": {"semvr": {"range": "1.x"}}}
    harness.configure({FUNCTION: harness.entry(**bad)})
    done = harness.stack.preview()
    assert done.code == 1
    assert not done.has_traceback, done
    for fact in ("polcy", "did you mean policy", "deadline", "config.cpu", "policy.semvr"):
        assert fact in done.output
    assert harness.cloud.functions() == []


def test_a_misspelt_key_of_the_stack_stops_the_program(harness: StackHarness) -> None:
    harness.stack.configure({FUNCTION: harness.entry()}, endpoint={})
    done = harness.stack.preview()
    assert done.code == 1
    assert not done.has_traceback, done
    assert "fcpin:endpoint in Pulumi.test.yaml: unknown key; did you mean fcpin:endpoints?" in done.output


def test_a_failed_creation_is_repaired_by_the_next_up(harness: StackHarness) -> None:
    new = harness.push("main-1")
    harness.cloud.fail_update(FUNCTION)
    done = harness.stack.up()
    assert done.code == 1
    assert "cannot be invoked" in done.output
    assert f"{FUNCTION} was created, but its deployment failed" in done.output
    assert "error: fcpin: function" in done.output
    harness.up()
    assert harness.deployed() == f"main-1@{new}"
