"""What an engine leaves: its errors in one line, the image changes of a preview, and the lock of a stack."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from fcpin.image import Digest
from fcpin.receiver.converge.converger import changes_in
from fcpin.receiver.converge.engine_run import Ended, ProcessId
from fcpin.receiver.converge.engines import engine_errors, is_held, is_held_by
from fcpin.receiver.errors import ConvergenceFailed
from fcpin.receiver.ledger.model import PinChange
from fcpin.stack.project import Project
from tests.receiver.pins import A, B

UPDATE = "Updating (test):\n    x  error: fcpin: no\nDiagnostics:\n  x (a):\n    error: fcpin: no\n\nResources:\n"
LOCKED = "the stack is currently locked by 1 lock(s).\n  file:///x.json: created by root@vm (pid 7)\n"
DIAGNOSTICS = [{"severity": "error", "message": "error: no\n"}, {"severity": "info"}]
OUTPUTS = [
    # label, stdout, stderr, error
    ("an error of a resource, once, without the lines around it", UPDATE, "", "fcpin: no"),
    ("several errors", "    error: one\n    error: two\n", "", "one; two"),
    ("the CLI names the holder of a lock below the error", "", f"error: {LOCKED}", " ".join(LOCKED.split())),
    ("the errors of a preview are JSON", json.dumps({"steps": [], "diagnostics": DIAGNOSTICS}), "", "no"),
    ("without an error the last line counts", "Updating (test):\n", "Killed\n", "Updating (test):"),
    ("no output", "", "", "exited without an error message"),
    ("an error without end", "", "error: " + "x" * 10_000, "x" * 2000),
]  # fmt: skip


@pytest.mark.parametrize(("stdout", "stderr", "expected"), [pytest.param(*row[1:], id=row[0]) for row in OUTPUTS])
def test_errors(stdout: str, stderr: str, expected: str) -> None:
    assert engine_errors(Ended(1, stdout, stderr)) == expected


URN = "urn:pulumi:test::shop::pulumi-python:dynamic/fcpin:PinnedFunction::checkout"
OLD, NEW = {"tag": "main-1", "digest": A}, {"tag": "main-2", "digest": B}


def change(from_tag: str, from_digest: Digest | None, to_tag: str, to_digest: Digest) -> PinChange:
    return PinChange(pin="checkout", from_tag=from_tag, from_digest=from_digest, to_tag=to_tag, to_digest=to_digest)


def step(op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, urn: str = URN) -> dict[str, Any]:
    return {"op": op, "urn": urn, "oldState": {"inputs": old} if old else None, "newState": {"inputs": new}}


UPDATED = change("main-1", A, "main-2", B)
REPLACEMENT = [step("create-replacement", OLD, NEW), step("replace", OLD, NEW), step("delete-replaced", OLD, OLD)]
STEPS = [
    # label, steps, changes
    ("an update", [step("update", OLD, NEW)], [UPDATED]),
    ("a first deployment", [step("create", None, NEW)], [change("", None, "main-2", B)]),
    ("a moved tag", [step("update", OLD, {**OLD, "digest": B})], [change("main-1", A, "main-1", B)]),
    ("no digest after a refresh", [step("update", {**OLD, "digest": ""}, NEW)], [change("main-1", None, "main-2", B)]),
    ("only a setting changes", [step("update", OLD, {**OLD, "deadline": 5})], []),
    ("nothing changes", [step("same", OLD, OLD)], []),
    ("something else changes", [step("update", OLD, NEW, urn=f"{URN}-other")], []),
    ("the steps of one replacement are one change", REPLACEMENT, [UPDATED]),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "changes"), [pytest.param(*row[1:], id=row[0]) for row in STEPS])
def test_changes(steps: list[dict[str, Any]], changes: list[PinChange]) -> None:
    assert list(changes_in(json.dumps({"steps": steps}), {URN})) == changes


@pytest.mark.parametrize("document", ["", "[]", "{}", json.dumps({"steps": [step("update", OLD, {"tag": "main-2"})]})])
def test_what_is_no_preview(document: str) -> None:
    with pytest.raises(ConvergenceFailed, match="no preview that can be read"):
        changes_in(document, {URN})


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
@pytest.mark.parametrize(("locks", "held"), [pytest.param(*row[1:], id=row[0]) for row in LOCKS])
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
