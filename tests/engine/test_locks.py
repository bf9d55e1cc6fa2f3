"""Locks of the file backend: one of a process that certainly has ended is taken over, every other one is respected."""

import json
import os
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fcpin.engine.stack import Lock
from fcpin.processes import ProcessIdentity
from tests.engine.engine_harness import EngineHarness

TIME = "2026-11-22T14:06:45.151474Z"


def ended() -> ProcessIdentity:
    """A process of this machine that has ended."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        identity = ProcessIdentity.of(process.pid)
    assert identity is not None
    return identity


def lock(engine: EngineHarness, **values: Any) -> Path:
    folder = engine.backend / ".pulumi" / "locks" / "organization" / "workshop" / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{len(list(folder.iterdir()))}.json"
    host = {"username": "root", "hostname": socket.gethostname(), "timestamp": TIME}
    file.write_text(json.dumps({**host, **values}))
    return file


def test_the_lock_of_an_ended_process_is_taken_over_and_its_temporary_files_removed(engine: EngineHarness) -> None:
    engine.program('Item("a")')
    assert engine.up().code == 0
    dead = ended()
    file = lock(engine, **dead.as_json())
    meta = engine.backend / ".pulumi" / f"meta.yaml.{dead.pid}.tmp"
    left = [engine.state_file.with_name(f"dev.json.{dead.pid}.tmp"), meta]
    others = engine.state_file.with_name("other.json.7.tmp")
    for path in (*left, others):
        path.write_text("half")
    result = engine.up()
    assert result.code == 0
    holder = f"root@{socket.gethostname()} (pid {dead.pid})"
    assert result.err == f"warning: took over the lock of {holder} since {TIME}, whose process has ended\n"
    assert not file.exists()
    assert not any(path.exists() for path in left)
    assert others.exists()


RESPECTED: list[tuple[str, Mapping[str, Any]]] = [
    ("of the CLI", {"pid": 2**22 + 1}),
    ("of another boot or namespace", {"pid": 2**22 + 1, "started": 1, "machine": "another/pid:[1]"}),
    ("of a machine without a boot id", {"pid": 2**22 + 1, "started": 1, "machine": ""}),
    ("with a number as text", {"pid": "1", "started": 1, "machine": "x"}),
]


@pytest.mark.parametrize("values", [pytest.param(row[1], id=row[0]) for row in RESPECTED])
def test_every_other_lock_is_respected(engine: EngineHarness, values: Mapping[str, Any]) -> None:
    file = lock(engine, **values)
    result = engine.run_here("up", "--skip-preview")
    assert result.code == 1
    assert f"(pid {values['pid']}) since {TIME}; if that run has ended, remove its lock" in result.err
    assert file.exists()
    assert engine.calls() == []


def test_a_lock_names_its_holder_and_cancel_removes_it_with_yes(engine: EngineHarness) -> None:
    engine.program('Item("a")')
    file = lock(engine, pid=os.getpid())
    for arguments, code in ((["up", "--skip-preview"], 1), (["cancel"], 2)):
        result = engine.run_here(*arguments)
        assert result.code == code
        assert f"(pid {os.getpid()}) since {TIME}" in result.err
        assert "--yes" in result.err
    assert "fcpin engine cancel --stack dev --yes" in engine.run_here("up", "--skip-preview").err
    assert engine.run("preview").code == 0
    assert file.exists()
    assert "Removed the lock" in engine.run_here("cancel", "--yes").out
    assert not file.exists()


def test_a_lock_of_a_running_process_is_that_of_the_process_and_the_cli_can_read_it(engine: EngineHarness) -> None:
    engine.program('Item("a")')
    barrier = engine.hold("create-a.after")
    process = engine.start("up", "--skip-preview")
    engine.reached("create-a.after")
    (file,) = (engine.backend / ".pulumi" / "locks" / "organization" / "workshop" / "dev").glob("*.json")
    content = json.loads(file.read_text())
    assert {"pid", "username", "hostname", "timestamp"} <= content.keys()  # pulumi: pkg/backend/diy/lock.go
    assert ProcessIdentity.read(content) == ProcessIdentity.of(process.pid)
    assert not Lock.read(file.read_bytes()).is_dead
    barrier.unlink()
    process.communicate()
    assert not file.exists()


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 5000, b'{"pid": {"a": "b\\n"}}'])
def test_an_empty_lock_is_respected(content: bytes) -> None:
    read = Lock.read(content)
    assert not read.is_dead
    assert str(read).startswith("?@? (pid ")
    assert "\n" not in str(read)


def test_a_write_that_fails_leaves_no_temporary_file(engine: EngineHarness) -> None:
    engine.program('Item("a")')
    assert engine.up().code == 0
    before = engine.state_file.read_text()
    backup = engine.state_file.with_name("dev.json.bak")
    backup.unlink(missing_ok=True)
    backup.mkdir()
    engine.program('Item("a", size=2)')
    result = engine.up()
    assert result.code == 1
    assert "the previous file is unchanged" in result.text
    assert engine.state_file.read_text() == before
    assert sorted(path.name for path in engine.state_file.parent.iterdir()) == ["dev.json", "dev.json.bak"]
