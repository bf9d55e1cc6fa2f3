"""Promotion: one stack pins what another one runs."""

from tests.lifecycle.stack_harness import FUNCTION, StackHarness


def test_staging_runs_what_dev_runs_and_nothing_newer(harness: StackHarness) -> None:
    first = harness.push("main-1")
    staging = StackHarness(harness.stack.sibling("staging"), harness.cloud)
    staging.configure({FUNCTION: harness.entry(function_name="staging", policy={"follow": {"stack": "test"}})})
    staging.stack.begin()
    early = staging.stack.preview()
    assert early.code == 1
    assert "policy.follow.stack" in early.output
    harness.up()
    staging.up()
    assert staging.deployed("staging") == f"main-1@{first}"
    second = harness.push("main-2")
    staging.preview("--expect-no-changes")
    harness.up()
    assert "main-2" in staging.preview("--diff").output
    staging.up()
    assert staging.deployed("staging") == f"main-2@{second}"
    staging.preview("--expect-no-changes")
