"""Who holds the lock of a stack, where that can be read: in the files of a `file://` backend.

A lock of the embedded engine whose process has ended does not count: the next run takes it over.
"""

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from fcpin.json_reader import read_json
from fcpin.processes import ProcessIdentity
from fcpin.receiver.converge.run import ProcessId
from fcpin.stack.project import Project


def is_held_by(process: ProcessId, backend: str, project: Project, stack: str) -> bool:
    """Whether *process* of this host, and nobody else, holds *stack*. *backend* is a URL, as Pulumi has it."""
    locks = _locks(backend, project, stack)
    this = (socket.gethostname(), process.pid)
    return bool(locks) and all((lock.get("hostname"), lock.get("pid")) == this for lock in locks)


def is_held(backend: str, project: Project, stack: str) -> bool:
    """Whether anybody holds *stack*."""
    return bool(_locks(backend, project, stack))


def _locks(backend: str, project: Project, stack: str) -> Sequence[Mapping[str, Any]]:
    """The contents of the locks whose processes have not certainly ended."""
    scheme, _, path = backend.partition("://")
    if scheme != "file":
        return ()
    folder = project.root / Path(unquote(path.partition("?")[0])).expanduser() / ".pulumi"
    files = (folder / "locks" / "organization" / project.name / stack.rpartition("/")[2]).glob("*.json")
    locks = map(_content, files)
    return [lock for lock in locks if not ((process := ProcessIdentity.read(lock)) and process.is_dead)]


def _content(lock: Path) -> Mapping[str, Any]:
    try:
        content = read_json(lock.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
