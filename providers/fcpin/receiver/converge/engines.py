"""The engines as programs: one command of one run, its failure in one line, and the locks of a stack."""

import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import unquote

from fcpin.json_reader import read_json
from fcpin.processes import ProcessIdentity
from fcpin.receiver.converge.engine_run import Ended, ProcessId, Progress, Run
from fcpin.receiver.errors import ConvergenceFailed, StackBusy
from fcpin.stack import Engine
from fcpin.stack.project import Project

_MARK: Final = "error: "
_MAX_REASON: Final = 2000
"""Characters."""


class Program(Protocol):
    """An engine that is started for each command."""

    def execute(
        self, run: Run, arguments: Sequence[str], environment: Mapping[str, str], progress: Progress | None = None
    ) -> str:
        """What a command prints; *environment* adds to the engine's own. Raises ConvergenceFailed for any failure."""

    def release(self, run: Run, stack: str) -> None:
        """Remove the lock of the process `run.killed`, if it certainly is its own. Raises Interrupted."""


class Embedded:
    """`Program` over the embedded engine, which is a Python module."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def execute(
        self, run: Run, arguments: Sequence[str], environment: Mapping[str, str], progress: Progress | None = None
    ) -> str:
        engine = self._engine
        command = [*engine.command, *arguments]
        ended = run.execute(command, engine.folder, {**engine.environment, **environment}, progress)
        if ended.code != 0:
            held = is_held(*self._backend(), run.stack)  # its own lock has been removed
            raise (StackBusy if held else ConvergenceFailed)(engine_errors(ended))
        return ended.stdout

    def release(self, run: Run, stack: str) -> None:
        if run.killed and is_held_by(run.killed, *self._backend(), stack):
            self.execute(run, ["cancel", "--yes", "--stack", stack], {})

    def _backend(self) -> tuple[str, Project]:
        project = Project.find(self._engine.folder)
        return self._engine.environment.get("PULUMI_BACKEND_URL") or project.backend or "file://~", project


def engine_errors(ended: Ended) -> str:
    """Every error that an engine printed, once, in one line; else its last line. No decision depends on it."""
    found = dict.fromkeys(" ".join(text.removeprefix(_MARK).split()) for text in _errors(ended))
    last = [line.strip() for line in (ended.stderr + ended.stdout).splitlines() if line.strip()][-1:]
    return "; ".join(filter(None, found or last or ["exited without an error message"]))[:_MAX_REASON]


def _errors(ended: Ended) -> Iterator[str]:
    try:
        document: Any = json.loads(ended.stdout)
        errors = [entry for entry in document["diagnostics"] if entry.get("severity") == "error"]
        yield from (str(entry.get("message", "")) for entry in errors)
    except (ValueError, KeyError, TypeError):
        yield from (line.strip() for line in ended.stdout.splitlines() if line.strip().startswith(_MARK))
    _, found, rest = ended.stderr.partition(_MARK)
    if found:
        yield rest  # to its end: the CLI names the holder of a lock in the lines below


def is_held_by(process: ProcessId, backend: str, project: Project, stack: str) -> bool:
    """Whether *process* of this host, and no other, holds the lock of *stack*. *backend* is a URL, as Pulumi has it."""
    locks = _locks(backend, project, stack)
    this = (socket.gethostname(), process.pid)
    return bool(locks) and all((lock.get("hostname"), lock.get("pid")) == this for lock in locks)


def is_held(backend: str, project: Project, stack: str) -> bool:
    """Whether any process holds the lock of *stack*."""
    return bool(_locks(backend, project, stack))


def _locks(backend: str, project: Project, stack: str) -> Sequence[Mapping[str, Any]]:
    """The contents of the locks whose processes have not certainly ended; none where they cannot be read.

    Only a `file://` backend has them in files. A lock of the embedded engine whose process has ended does not count:
    the next run takes it over.
    """
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
