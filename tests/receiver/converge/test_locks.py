"""A lock is removed only where it is certain whose it was."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from fcpin.receiver.converge.engines import is_held, is_held_by
from fcpin.receiver.converge.engine_run import ProcessId
from fcpin.stack.project import Project

HOST = socket.gethostname()
MINE, OTHERS = {"hostname": HOST, "pid": 7}, {"hostname": HOST, "pid": 8}
LOCKS: list[tuple[str, list[Any], bool]] = [
    ("that of the process", [MINE], True),
    ("none at all", [], False),
    ("somebody else's", [OTHERS], False),
    ("somebody else's beside it", [MINE, OTHERS], False),
    ("the same number on another host", [{"hostname": "elsewhere", "pid": 7}], False),
    ("one that says nothing", ["?"], False),
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


def test_where_locks_cannot_be_read_nobodys_is_certain() -> None:
    assert not is_held_by(ProcessId(7, 0.0), "https://api.pulumi.com", Project(Path("/"), "shop", ""), "dev")
