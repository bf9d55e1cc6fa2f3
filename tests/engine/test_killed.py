"""kill -9, Ctrl-C and a dying plugin: no orphans, a state that can be read, and a next run that repairs."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.engine.workbench import Workbench

BEFORE = 'Item("kept")\nItem("a", key="old", size=1)\nItem("b", size=1)\nItem("gone")'
AFTER = 'Item("kept")\nItem("a", key="new", size=1)\nItem("b", size=2)\nItem("fresh")'
POINTS = [
    ("create-fresh", "before"),
    ("create-fresh", "after"),
    ("create-new", "after"),
    ("update-b", "after"),
    ("delete-gone", "before"),
    ("delete-old", "after"),
]


def pending(bench: Workbench) -> list[tuple[str, str]]:
    """What the last run had begun and not ended: (creating | updating | deleting, key)."""
    operations = bench.state().get("pending_operations", [])
    return [(entry["type"], entry["resource"]["inputs"]["key"]) for entry in operations]


@pytest.mark.parametrize(("point", "when"), POINTS, ids=[f"{when} {point}" for point, when in POINTS])
def test_killed_at_a_step_the_next_run_warns_and_repairs(bench: Workbench, point: str, when: str) -> None:
    bench.program(BEFORE)
    assert bench.up().code == 0
    bench.program(AFTER)
    barrier = bench.hold(f"{point}.{when}")
    process = bench.start("up", "--skip-preview")
    bench.reached(f"{point}.{when}")
    bench.kill(process)
    barrier.unlink()

    kind, key = point.split("-")
    doing = f"{kind.removesuffix('e')}ing"
    assert (doing, key) in pending(bench)
    known = {raw["inputs"]["key"] for raw in bench.resources().values()} | {name for _, name in pending(bench)}
    assert set(bench.cloud()) <= known

    repaired = bench.up()
    assert repaired.code == 0, repaired.text
    assert repaired.err.startswith("warning: took over the lock of ")
    assert f"(pid {process.pid})" in repaired.err
    assert f"interrupted while {doing}" in repaired.out
    assert set(bench.cloud()) == {"kept", "new", "b", "fresh"}
    assert bench.cloud()["b"]["size"] == 2
    assert set(bench.resources()) == {"kept", "a", "b", "fresh"}
    assert "pending_operations" not in bench.state()


def test_killed_at_random_times_the_stack_always_comes_right(bench: Workbench) -> None:
    seed = random.Random(7)
    unknown: set[str] = set()  # a creation that was cut off: the next run can only warn that it may exist
    for attempt in range(3):
        bench.program(AFTER if attempt % 2 else BEFORE)
        process = bench.start("up", "--skip-preview")
        time.sleep(seed.uniform(0.0, 0.02))  # the rest of the time is spent by the processes themselves
        bench.wait_for(lambda p=process: p.poll() is not None or bench.calls(), "the first call or the end")
        bench.kill(process)
        bench.forget_calls()
        if bench.state_file.exists():
            unknown |= {key for kind, key in pending(bench) if kind == "creating"}
    bench.program(AFTER)
    assert bench.up().code == 0
    expected = {"kept", "new", "b", "fresh"}
    assert expected <= set(bench.cloud()) <= expected | unknown
    assert set(bench.resources()) == {"kept", "a", "b", "fresh"}
    assert bench.engine("preview", "--expect-no-changes").code == 0


@pytest.fixture
def held(bench: Workbench) -> tuple[Workbench, subprocess.Popen[str], Path]:
    """An update of two items in the middle of creating the first; the second needs it."""
    bench.program('a = Item("a")\nItem("b", of=a.token)')
    barrier = bench.hold("create-a.after")
    process = bench.start("up", "--skip-preview")
    bench.reached("create-a.after")
    return bench, process, barrier


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_the_first_interrupt_finishes_what_is_under_way(
    held: tuple[Workbench, subprocess.Popen[str], Path], number: signal.Signals
) -> None:
    bench, process, barrier = held
    process.send_signal(number)
    assert process.stderr is not None
    assert process.stderr.readline() == "\n"
    assert "finishing what is under way" in process.stderr.readline()
    barrier.unlink()
    out, err = process.communicate(timeout=30)
    assert process.returncode == 8
    assert "interrupted" in err
    assert "Traceback" not in out + err
    assert set(bench.resources()) == {"a"}
    assert "pending_operations" not in bench.state()
    assert bench.up().code == 0
    assert bench.named_calls("create") == ["create a", "create b"]


def test_the_second_interrupt_leaves_at_once_with_the_operation_pending(
    held: tuple[Workbench, subprocess.Popen[str], Path],
) -> None:
    bench, process, barrier = held
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    process.stderr.readline()
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 8
    assert "is in the state as pending" in err
    assert psutil.wait_procs(family, timeout=30)[1] == []
    assert [entry["type"] for entry in bench.state()["pending_operations"]] == ["creating"]
    barrier.unlink()
    again = bench.up()
    assert again.code == 0, again.text
    assert "interrupted while creating" in again.out


def test_a_plugin_that_dies_leaves_its_operation_pending(
    held: tuple[Workbench, subprocess.Popen[str], Path],
) -> None:
    bench, process, barrier = held
    os.kill(bench.calls("create")[0]["pid"], signal.SIGKILL)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "the plugin process ended in the middle of create()" in out
    assert [entry["type"] for entry in bench.state()["pending_operations"]] == ["creating"]
    barrier.unlink()
    assert bench.up().code == 0


def test_no_secret_is_in_a_process_list_or_a_file(bench: Workbench) -> None:
    bench.program('Item("a", pw=Output.secret("hunter2"))')
    bench.hold("create-a.after")
    process = bench.start("up", "--skip-preview")
    bench.reached("create-a.after")
    for one in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
        words = " ".join(one.cmdline())
        assert "hunter2" not in words
        assert bench.environment["PULUMI_CONFIG_PASSPHRASE"] not in words
    bench.kill(process)
    for path in bench.backend.rglob("*.json*"):
        assert "hunter2" not in path.read_text()
