"""fcpin drift after an engine has deployed: the same stack, endpoints and credentials."""

from tests.lifecycle.stack_harness import FUNCTION, StackHarness


def test_the_exit_code_shows_what_happened_since_the_deployment(harness: StackHarness) -> None:
    harness.push("main-1")
    harness.up()
    assert harness.stack.fcpin("drift").code == 0
    harness.push("main-2")
    assert harness.stack.fcpin("drift").code == 10
    harness.push("main-1", "moved")
    broken = harness.stack.fcpin("drift")
    assert broken.code == 20
    assert "moved-tag" in broken.output
    assert FUNCTION in broken.output
    harness.up()
    assert harness.stack.fcpin("drift").code == 0
    harness.stack.environment["PULUMI_CONFIG_PASSPHRASE"] = "wrong"
    harness.configure(registries={harness.cloud.enterprise_host: {"endpoint": harness.stack.seal("x")}})
    closed = harness.stack.fcpin("drift")
    assert closed.code == 30
    assert len(closed.output.splitlines()) == 1
