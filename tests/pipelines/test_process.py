"""Programs end with what they have started, in time, and with the process that runs them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest

from fcpin.pipelines.programs import Programs
from fcpin.clock import SystemClock
from fcpin.errors import BuildCanceled, BuildFailed, BuildTimedOut

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


def test_lines_are_told_as_they_come_and_all_of_them_are_the_answer() -> None:
    told: list[str] = []
    said = Programs(SystemClock(), 60).run(["sh", "-c", "echo one; echo; echo two >&2"], told.append)
    assert (told, said) == (["one", "two"], "one\n\ntwo\n")


def test_a_failure_is_its_last_line() -> None:
    with pytest.raises(BuildFailed, match=r"^sh: no such file$"):
        Programs(SystemClock(), 60).run(["sh", "-c", "echo one; echo no such file; exit 3"])
    with pytest.raises(BuildFailed, match=r"^sh: exit 3$"):
        Programs(SystemClock(), 60).run(["sh", "-c", "exit 3"])


def test_the_deadline_is_for_all_programs_together() -> None:
    programs = Programs(SystemClock(), 0.4)
    programs.run(["true"])
    with pytest.raises(BuildTimedOut, match=r"sleep 31536002 was not done after 0\.4 s in all"):
        programs.run(["sleep", "31536002"])
    assert running("sleep", "31536002") == []


def test_a_program_that_does_not_heed_is_killed_with_what_it_has_left_behind() -> None:
    script = "trap '' TERM; sleep 31536003 & echo ready; wait; wait"
    with pytest.raises(BuildTimedOut):
        Programs(SystemClock(), 0.5).run(["sh", "-c", script])
    assert running("sleep", "31536003") == []


class Impatient(SystemClock):
    """A clock in a process that is told to end while something runs."""

    def sleep(self, seconds: float) -> None:
        if running("sleep", "31536000"):
            raise BuildCanceled("interrupted")
        super().sleep(seconds)


def test_a_program_that_is_broken_off_ends_with_all_that_it_has_started() -> None:
    with pytest.raises(BuildCanceled):
        Programs(Impatient(), 60).run(["sh", "-c", "sleep 31536000 & wait"])
    assert running("sleep", "31536000") == []


def test_a_program_does_not_outlive_a_process_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", SCRIPT], process_group=0) as process:
        wait_for(lambda: bool(running("sleep", "31536001")))
        os.killpg(process.pid, signal.SIGKILL)
    wait_for(lambda: not running("sleep", "31536001"))


def test_a_program_that_is_not_there_is_told_with_its_package() -> None:
    with pytest.raises(BuildFailed, match=r"no-such-program cannot be started: .*apt-get install no-such-program"):
        Programs(SystemClock(), 60).run(["no-such-program"])
