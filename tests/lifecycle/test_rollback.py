"""fcpin rollback between two deployments: the engine reads what it wrote."""

import subprocess
import sys

from tests.lifecycle.stack_harness import FUNCTION, StackHarness


def fcpin(harness: StackHarness, *arguments: str) -> None:
    command = [sys.executable, "-m", "fcpin", "rollback", FUNCTION, "--stack", "test", "--engine", harness.stack.engine]
    environment = harness.stack.process_environment()
    subprocess.run([*command, *arguments], cwd=harness.stack.folder, env=environment, check=True, timeout=60)


def test_a_bad_release_is_rolled_back_and_the_hold_removed(harness: StackHarness) -> None:
    good = harness.push("main-1")
    harness.up()
    bad = harness.push("main-2")
    harness.up()
    fcpin(harness, "--until", "7d", "--reason", "main-2 loses orders: 3 of 4")
    assert "held at main-1 until" in harness.up().output
    assert harness.deployed() == f"main-1@{good}"
    fcpin(harness, "--remove")
    harness.up()
    assert harness.deployed() == f"main-2@{bad}"
