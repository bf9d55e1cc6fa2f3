"""One Ctrl-C ends a command with one line while a service does not answer."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.support.deployed_stack import DeployedStack
from tests.support.signals import interruptible

PATIENCE = 30.0
SLOW = ("ListRepoTag", "GetFunction")
pytestmark = pytest.mark.usefixtures("key")


@pytest.fixture
def silent(stack: DeployedStack) -> DeployedStack:
    """Three functions are deployed, and then nothing answers any more."""
    stack.push("main-1")
    for name in ("a", "b", "c"):
        stack.deploy(name, "main-1")
    for action in SLOW:
        stack.cloud.fail_next(action, kind="slow", seconds=2 * PATIENCE, times=99)
    stack.cloud.calls.clear()
    return stack


def start(
    stack: DeployedStack, arguments: list[str], popen: Callable[..., "subprocess.Popen[str]"] = interruptible
) -> subprocess.Popen[str]:
    """Run `fcpin` until it waits for a response."""
    process = popen(
        [sys.executable, "-m", "fcpin", *arguments],
        cwd=stack.folder,
        env={**os.environ, "HOME": str(stack.folder), "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + PATIENCE
    while not any(map(stack.cloud.calls.count, SLOW)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)
    time.sleep(0.2)  # until all its threads wait
    return process


def tags(stack: DeployedStack) -> list[str]:
    url = stack.cloud.url
    return ["tags", "--repository", stack.repository, "--endpoint", url, "--cr-endpoint", url]


def drift(_: DeployedStack) -> list[str]:
    return ["drift", "--stack", "test", "--engine", "pulumi"]


@pytest.mark.parametrize("command", [tags, drift], ids=["waits by itself", "waits in several threads"])
def test_one_interrupt_ends_it_with_one_line(
    silent: DeployedStack, command: Callable[[DeployedStack], list[str]]
) -> None:
    process = start(silent, command(silent))
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        _, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert time.monotonic() - begun < 3
    assert process.returncode == 130
    assert err.strip().splitlines()[-1] == "fcpin: interrupted"
    assert "Traceback" not in err


def test_a_command_that_ignores_interrupts_goes_on(silent: DeployedStack) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = start(silent, tags(silent), subprocess.Popen)
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
    finally:
        process.kill()
        process.communicate()
