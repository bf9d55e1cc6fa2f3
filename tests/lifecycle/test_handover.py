"""One state, two engines: what either wrote, the other reads as no changes, and goes on from."""

import shutil

import pytest

from tests.lifecycle.stack_harness import CONFIG, FUNCTION, StackHarness

pytestmark = pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH")


def test_the_other_engine_sees_no_changes_and_goes_on(harness: StackHarness) -> None:
    other = "pulumi" if harness.stack.engine == "embedded" else "embedded"
    harness.push("main-1")
    secret = {"environment_variables": {"TOKEN": harness.stack.seal("hidden")}}
    harness.configure({FUNCTION: harness.entry(config={**CONFIG, **secret})})
    harness.up()
    done = harness.stack.run("preview", "--expect-no-changes", engine=other)
    assert done.code == 0, done
    new = harness.push("main-2")
    done = harness.stack.run("up", "--yes", engine=other)
    assert done.code == 0, done
    assert harness.deployed() == f"main-2@{new}"
    harness.preview("--expect-no-changes")
    done = harness.stack.run("refresh", "--yes", "--expect-no-changes", engine=other)
    assert done.code == 0, done
    assert harness.stack.destroy().code == 0
    assert harness.cloud.functions() == []
