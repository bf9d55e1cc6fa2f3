"""kill -9, Ctrl-C and a dying plugin: no orphans, a state that can be read, and a next run that repairs."""

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.engine.engine_harness import EngineHarness

Held = tuple[EngineHarness, subprocess.Popen[str], Path]
BEFORE = 'Item("kept")\nItem("a", key="old", size=1)\nItem("b", size=1)\nItem("gone")'
AFTER = 'Item("kept")\nItem("a", key="new", size=1)\nItem("b", size=2)\nItem("fresh")'


def pending(engine: EngineHarness) -> list[tuple[str, str]]:
    """What the last run had begun and not ended: (creating | updating | deleting, key)."""
    operations = engine.state().get("pending_operations", [])
    return [(entry["type"], entry["resource"]["inputs"]["key"]) for entry in operations]


def test_killed_at_a_step_the_next_run_warns_and_repairs(engine: EngineHarness) -> None:
    """`test_crashes` has every other moment."""
    engine.program(BEFORE)
    assert engine.up().code == 0
    engine.program(AFTER)
    barrier = engine.hold("update-b.after")
    process = engine.start("up", "--skip-preview")
    engine.reached("update-b.after")
    engine.kill(process)
    barrier.unlink()
    assert ("updating", "b") in pending(engine)
    known = {raw["inputs"]["key"] for raw in engine.resources().values()} | {name for _, name in pending(engine)}
    assert set(engine.cloud()) <= known

    repaired = engine.up()
    assert repaired.code == 0, repaired.text
    assert repaired.err.startswith("warning: took over the lock of ")
    assert f"(pid {process.pid})" in repaired.err
    assert "interrupted while updating" in repaired.out
    assert set(engine.cloud()) == {"kept", "new", "b", "fresh"}
    assert engine.cloud()["b"]["size"] == 2
    assert set(engine.resources()) == {"kept", "a", "b", "fresh"}
    assert pending(engine) == []


@pytest.fixture
def held(engine: EngineHarness) -> Held:
    """An update of two items in the middle of creating the first; the second needs it."""
    engine.program('a = Item("a")\nItem("b", of=a.token)')
    barrier = engine.hold("create-a.after")
    process = engine.start("up", "--skip-preview")
    engine.reached("create-a.after")
    return engine, process, barrier


def test_the_first_interrupt_finishes_the_running_steps(held: Held) -> None:
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
    assert pending(engine) == []
    assert engine.up().code == 0
    assert engine.named_calls("create") == ["create a", "create b"]


def test_the_second_interrupt_exits_at_once_with_the_operation_pending(held: Held) -> None:
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
    assert pending(engine) == [("creating", "a")]
    barrier.unlink()
    again = engine.up()
    assert again.code == 0, again.text
    assert "interrupted while creating" in again.out


def test_a_plugin_that_dies_leaves_its_operation_pending(held: Held) -> None:
    engine, process, barrier = held
    os.kill(engine.calls("create")[0]["pid"], signal.SIGKILL)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "the plugin process ended in the middle of create()" in out
    assert pending(engine) == [("creating", "a")]
    barrier.unlink()
    assert engine.up().code == 0
