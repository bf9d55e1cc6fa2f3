"""The errors of an engine in one line, and whose lock a stack has."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from fcpin.receiver.converge.engine_run import Ended, ProcessId
from fcpin.receiver.converge.engines import engine_errors, is_held, is_held_by
from fcpin.stack.project import Project

OUTPUTS = [
    (
        "an error of a resource, once, without the lines around it",
        "Updating (test):\n    x  error: fcpin: no\nDiagnostics:\n  x (a):\n    error: fcpin: no\n\nResources:\n",
        "",
        "fcpin: no",
    ),
    ("several errors", "    error: one\n    error: two\n", "", "one; two"),
    (
        "the CLI names the holder of a lock below the error",
        "",
        "error: the stack is currently locked by 1 lock(s).\n  file:///x.json: created by root@vm (pid 7)\n",
        "the stack is currently locked by 1 lock(s). file:///x.json: created by root@vm (pid 7)",
    ),
    (
        "the errors of a preview are JSON",
        json.dumps(
            {"steps": [], "diagnostics": [{"severity": "error", "message": "error: no\n"}, {"severity": "info"}]}
        ),
        "",
        "no",
    ),
    ("without an error the last line counts", "Updating (test):\n", "Killed\n", "Updating (test):"),
    ("no output", "", "", "exited without an error message"),
]


@pytest.mark.parametrize(
    ("stdout", "stderr", "expected"), [row[1:] for row in OUTPUTS], ids=[row[0] for row in OUTPUTS]
)
def test_errors(stdout: str, stderr: str, expected: str) -> None:
    assert engine_errors(Ended(1, stdout, stderr)) == expected


def test_errors_have_a_limit() -> None:
    assert len(engine_errors(Ended(1, "", "error: " + "x" * 10_000))) == 2000


HOST = socket.gethostname()
MINE, OTHERS = {"hostname": HOST, "pid": 7}, {"hostname": HOST, "pid": 8}
LOCKS: list[tuple[str, list[Any], bool]] = [
    ("of the process", [MINE], True),
    ("none at all", [], False),
    ("of another process", [OTHERS], False),
    ("of it and of another process", [MINE, OTHERS], False),
    ("the same number on another host", [{"hostname": "elsewhere", "pid": 7}], False),
    ("one without a process", ["?"], False),
]


@pytest.mark.parametrize("backend", ["file://{0}", "file://state", "file://{0}?no_tmp_dir=true"])
@pytest.mark.parametrize(("locks", "held"), [row[1:] for row in LOCKS], ids=[row[0] for row in LOCKS])
def test_whose_lock_it_is(tmp_path: Path, backend: str, locks: list[Any], held: bool) -> None:
    state = tmp_path / "state"
    folder = state / ".pulumi" / "locks" / "organization" / "shop" / "dev"
    folder.mkdir(parents=True)
    for number, content in enumerate(locks):
        (folder / f"{number}.json").write_text(json.dumps(content))
    project = Project(tmp_path, "shop", "")
    assert is_held_by(ProcessId(7, 0.0), backend.format(state), project, "organization/shop/dev") is held
    assert is_held(backend.format(state), project, "organization/shop/dev") is bool(locks)


def test_where_locks_cannot_be_read_none_is_certain() -> None:
    assert not is_held_by(ProcessId(7, 0.0), "https://api.pulumi.com", Project(Path("/"), "shop", ""), "dev")
