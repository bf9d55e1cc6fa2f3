"""kill -9, Ctrl-C and a dying plugin: no orphans, a state that can be read, and a next run that repairs."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.engine.engine_harness import EngineHarness

BEFORE = 'Item("kept")\nItem("a", key="old", size=1)\nItem("b", size=1)\nItem("gone")'
AFTER = 'Item("kept")\nItem("a", key="new", size=1)\nItem("b", size=2)\nItem("fresh")'
POINTS = [
    ("create-fresh", "before"),
    ("update-b", "after"),
]


def pending(engine: EngineHarness) -> list[tuple[str, str]]:
    """What the last run had begun and not ended: (creating | updating | deleting, key)."""
    operations = engine.state().get("pending_operations", [])
    return [(entry["type"], entry["resource"]["inputs"]["key"]) for entry in operations]


@pytest.mark.parametrize(("point", "when"), POINTS, ids=[f"{when} {point}" for point, when in POINTS])
def test_killed_at_a_step_the_next_run_warns_and_repairs(engine: EngineHarness, point: str, when: str) -> None:
    engine.program(BEFORE)
    assert engine.up().code == 0
    engine.program(AFTER)
    barrier = engine.hold(f"{point}.{when}")
    process = engine.start("up", "--skip-preview")
    engine.reached(f"{point}.{when}")
    engine.kill(process)
    barrier.unlink()

    kind, key = point.split("-")
    doing = f"{kind.removesuffix('e')}ing"
    assert (doing, key) in pending(engine)
    known = {raw["inputs"]["key"] for raw in engine.resources().values()} | {name for _, name in pending(engine)}
    assert set(engine.cloud()) <= known

    repaired = engine.up()
    assert repaired.code == 0, repaired.text
    assert repaired.err.startswith("warning: took over the lock of ")
    assert f"(pid {process.pid})" in repaired.err
    assert f"interrupted while {doing}" in repaired.out
    assert set(engine.cloud()) == {"kept", "new", "b", "fresh"}
    assert engine.cloud()["b"]["size"] == 2
    assert set(engine.resources()) == {"kept", "a", "b", "fresh"}
    assert "pending_operations" not in engine.state()


def test_killed_at_random_times_the_stack_always_comes_right(engine: EngineHarness) -> None:
    seed = random.Random(7)
    unknown: set[str] = set()  # a creation that was cut off: the next run can only warn that it may exist
    for attempt in range(3):
        engine.program(AFTER if attempt % 2 else BEFORE)
        process = engine.start("up", "--skip-preview")
        time.sleep(seed.uniform(0.0, 0.02))  # the rest of the time is spent by the processes themselves
        engine.wait_for(lambda p=process: p.poll() is not None or engine.calls(), "the first call or the end")
        engine.kill(process)
        engine.forget_calls()
        if engine.state_file.exists():
            unknown |= {key for kind, key in pending(engine) if kind == "creating"}
    engine.program(AFTER)
    assert engine.up().code == 0
    expected = {"kept", "new", "b", "fresh"}
    assert expected <= set(engine.cloud()) <= expected | unknown
    assert set(engine.resources()) == {"kept", "a", "b", "fresh"}
    assert engine.run("preview", "--expect-no-changes").code == 0


@pytest.fixture
def held(engine: EngineHarness) -> tuple[EngineHarness, subprocess.Popen[str], Path]:
    """An update of two items in the middle of creating the first; the second needs it."""
    engine.program('a = Item("a")\nItem("b", of=a.token)')
    barrier = engine.hold("create-a.after")
    process = engine.start("up", "--skip-preview")
    engine.reached("create-a.after")
    return engine, process, barrier


def test_the_first_interrupt_finishes_the_running_steps(
    held: tuple[EngineHarness, subprocess.Popen[str], Path],
) -> None:
    engine, process, barrier = held
    process.send_signal(signal.SIGHUP)  # as SIGINT and SIGTERM
    assert process.stderr is not None
    assert process.stderr.readline() == "\n"
    assert "finishing the running steps" in process.stderr.readline()
    barrier.unlink()
    out, err = process.communicate(timeout=30)
    assert process.returncode == 8
    assert "interrupted" in err
    assert "Traceback" not in out + err
    assert set(engine.resources()) == {"a"}
    assert "pending_operations" not in engine.state()
    assert engine.up().code == 0
    assert engine.named_calls("create") == ["create a", "create b"]


def test_the_second_interrupt_exits_at_once_with_the_operation_pending(
    held: tuple[EngineHarness, subprocess.Popen[str], Path],
) -> None:
    engine, process, barrier = held
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    process.stderr.readline()
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 8
    assert "as pending operations" in err
    assert psutil.wait_procs(family, timeout=30)[1] == []
    assert [entry["type"] for entry in engine.state()["pending_operations"]] == ["creating"]
    barrier.unlink()
    again = engine.up()
    assert again.code == 0, again.text
    assert "interrupted while creating" in again.out


def test_a_plugin_that_dies_leaves_its_operation_pending(
    held: tuple[EngineHarness, subprocess.Popen[str], Path],
) -> None:
    engine, process, barrier = held
    os.kill(engine.calls("create")[0]["pid"], signal.SIGKILL)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "the plugin process ended in the middle of create()" in out
    assert [entry["type"] for entry in engine.state()["pending_operations"]] == ["creating"]
    barrier.unlink()
    assert engine.up().code == 0


def test_no_secret_is_in_a_process_list_or_a_file(engine: EngineHarness) -> None:
    engine.program('Item("a", pw=Output.secret("hunter2"))')
    engine.hold("create-a.after")
    process = engine.start("up", "--skip-preview")
    engine.reached("create-a.after")
    for one in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
        words = " ".join(one.cmdline())
        assert "hunter2" not in words
        assert engine.environment["PULUMI_CONFIG_PASSPHRASE"] not in words
    engine.kill(process)
    for path in engine.backend.rglob("*.json*"):
        assert "hunter2" not in path.read_text()
