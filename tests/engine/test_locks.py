"""Locks of the file backend: one of a process that certainly has ended is taken over, every other one is respected."""

import json
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fcpin.engine.stack import Lock
from fcpin.processes import ProcessIdentity
from tests.engine.workbench import Workbench

TIME = "2026-11-22T14:06:45.151474Z"


def ended() -> ProcessIdentity:
    """A process of this machine that has ended."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        identity = ProcessIdentity.of(process.pid)
    assert identity is not None
    return identity


def lock(bench: Workbench, **values: Any) -> Path:
    folder = bench.backend / ".pulumi" / "locks" / "organization" / "workshop" / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{len(list(folder.iterdir()))}.json"
    host = {"username": "root", "hostname": socket.gethostname(), "timestamp": TIME}
    file.write_text(json.dumps({**host, **values}))
    return file


def test_the_lock_of_an_ended_process_is_taken_over_and_its_temporary_files_removed(bench: Workbench) -> None:
    bench.program('Item("a")')
    assert bench.up().code == 0
    dead = ended()
    file = lock(bench, **dead.as_json())
    left = [
        bench.state_file.with_name(f"dev.json.{dead.pid}.tmp"),
        bench.backend / ".pulumi" / f"meta.yaml.{dead.pid}.tmp",
    ]
    others = bench.state_file.with_name("other.json.7.tmp")
    for path in (*left, others):
        path.write_text("half")
    result = bench.up()
    assert result.code == 0
    host = socket.gethostname()
    assert (
        result.err
        == f"warning: took over the lock of root@{host} (pid {dead.pid}) since {TIME}, whose process has ended\n"
    )
    assert not file.exists()
    assert not any(path.exists() for path in left)
    assert others.exists()


RESPECTED: list[tuple[str, Mapping[str, Any]]] = [
    ("of the CLI", {"pid": 2**22 + 1}),
    ("of another boot or namespace", {"pid": 2**22 + 1, "started": 1, "machine": "another/pid:[1]"}),
    ("of a machine that does not tell", {"pid": 2**22 + 1, "started": 1, "machine": ""}),
    ("with a number as text", {"pid": "1", "started": 1, "machine": "x"}),
]


@pytest.mark.parametrize("values", [pytest.param(row[1], id=row[0]) for row in RESPECTED])
def test_every_other_lock_is_respected(bench: Workbench, values: Mapping[str, Any]) -> None:
    bench.program('Item("a")')
    file = lock(bench, **values)
    result = bench.up()
    assert result.code == 1
    assert f"(pid {values['pid']}) since {TIME}; if that run has ended, remove its lock" in result.err
    assert file.exists()
    assert bench.calls() == []


def test_a_lock_of_a_running_process_is_that_of_the_process_and_the_cli_can_read_it(bench: Workbench) -> None:
    bench.program('Item("a")')
    barrier = bench.hold("create-a.after")
    process = bench.start("up", "--skip-preview")
    bench.reached("create-a.after")
    (file,) = (bench.backend / ".pulumi" / "locks" / "organization" / "workshop" / "dev").glob("*.json")
    content = json.loads(file.read_text())
    assert {"pid", "username", "hostname", "timestamp"} <= content.keys()  # pulumi: pkg/backend/diy/lock.go
    assert ProcessIdentity.read(content) == ProcessIdentity.of(process.pid)
    assert not Lock.read(file.read_bytes()).is_dead
    barrier.unlink()
    process.communicate()
    assert not file.exists()


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 5000, b'{"pid": {"a": "b\\n"}}'])
def test_a_lock_that_says_nothing_is_a_lock_all_the_same(content: bytes) -> None:
    read = Lock.read(content)
    assert not read.is_dead
    assert str(read).startswith("?@? (pid ")
    assert "\n" not in str(read)


def test_a_write_that_fails_leaves_no_temporary_file(bench: Workbench) -> None:
    bench.program('Item("a")')
    assert bench.up().code == 0
    before = bench.state_file.read_text()
    backup = bench.state_file.with_name("dev.json.bak")
    backup.unlink(missing_ok=True)
    backup.mkdir()
    bench.program('Item("a", size=2)')
    result = bench.up()
    assert result.code == 1
    assert "what was there still is" in result.text
    assert bench.state_file.read_text() == before
    assert sorted(path.name for path in bench.state_file.parent.iterdir()) == ["dev.json", "dev.json.bak"]
