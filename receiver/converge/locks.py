"""Whose the lock of a stack is, where that can be read: in the files of a `file://` backend."""

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from fcpin.stack.project import Project
from receiver.converge.run import ProcessId


def is_held_by(process: ProcessId, backend: str, project: Project, stack: str) -> bool:
    """Whether *process* of this host, and nobody else, holds *stack*. *backend* is a URL, as Pulumi has it."""
    mine = [_holder(file) == (socket.gethostname(), process.pid) for file in _locks(backend, project, stack)]
    return bool(mine) and all(mine)


def is_held(backend: str, project: Project, stack: str) -> bool:
    """Whether anybody holds *stack*."""
    return bool(_locks(backend, project, stack))


def _locks(backend: str, project: Project, stack: str) -> Sequence[Path]:
    scheme, _, path = backend.partition("://")
    if scheme != "file":
        return ()
    folder = project.root / Path(unquote(path.partition("?")[0])).expanduser() / ".pulumi"
    return list((folder / "locks" / "organization" / project.name / stack.rpartition("/")[2]).glob("*.json"))


def _holder(lock: Path) -> tuple[object, object]:
    try:
        content = json.loads(lock.read_text(encoding="utf-8"))
        return content["hostname"], content["pid"]
    except (OSError, ValueError, KeyError, TypeError):
        return "", 0
