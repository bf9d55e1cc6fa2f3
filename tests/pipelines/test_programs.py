"""Programs end with what they have started, in time, and with the process that runs them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest

from fcpin.clock import SystemClock
from fcpin.errors import BuildCanceled, BuildFailed, BuildTimedOut
from fcpin.pipelines.programs import Programs

SCRIPT = """
from fcpin.pipelines.programs import Programs
from fcpin.clock import SystemClock
Programs(SystemClock(), 60).run(["sleep", "31536001"])
"""


def running(*command: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == list(command)]


def wait_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_lines_are_reported_as_they_come_and_all_of_them_returned() -> None:
    lines: list[str] = []
    output = Programs(SystemClock(), 60).run(["sh", "-c", "echo one; echo; echo two >&2"], lines.append)
    assert (lines, output) == (["one", "two"], "one\n\ntwo\n")


FAILURES = [
    ("its last line", ["sh", "-c", "echo one; echo no such file; exit 3"], r"^sh: no such file$"),
    ("no output", ["sh", "-c", "exit 3"], r"^sh: exit 3$"),
    (
        "not installed",
        ["no-such-program"],
        r"no-such-program cannot be started; install it.*apt-get install no-such-program",
    ),
]


@pytest.mark.parametrize(("command", "reason"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_a_failure_has_its_reason(command: list[str], reason: str) -> None:
    with pytest.raises(BuildFailed, match=reason):
        Programs(SystemClock(), 60).run(command)


def test_one_deadline_holds_for_all_programs_and_kills_what_ignores_sigterm() -> None:
    programs = Programs(SystemClock(), 0.5)
    programs.run(["true"])
    script = "trap '' TERM; sleep 31536003 & echo ready; wait; wait"
    with pytest.raises(BuildTimedOut, match=r"sh -c did not end within 0\.5 s in all"):
        programs.run(["sh", "-c", script])
    assert running("sleep", "31536003") == []


class InterruptedClock(SystemClock):
    """Its sleep raises once the program runs."""

    def sleep(self, seconds: float) -> None:
        if running("sleep", "31536000"):
            raise BuildCanceled("interrupted")
        super().sleep(seconds)


def test_an_interrupted_program_ends_with_all_that_it_has_started() -> None:
    with pytest.raises(BuildCanceled):
        Programs(InterruptedClock(), 60).run(["sh", "-c", "sleep 31536000 & wait"])
    assert running("sleep", "31536000") == []


def test_a_program_does_not_outlive_a_process_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", SCRIPT], process_group=0) as process:
        wait_for(lambda: bool(running("sleep", "31536001")))
        os.killpg(process.pid, signal.SIGKILL)
    wait_for(lambda: not running("sleep", "31536001"))
