"""A stack: where a file:// backend keeps it, its settings and state, the key to its secrets, and its lock."""

import contextlib
import getpass
import json
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from engine.crypter import Crypter, crypter_of
from engine.errors import StackLocked, StackNotFound, StateUnusable, Unsupported, UsageError
from engine.project import Project, mapping, read_yaml
from engine.state import Checkpoint, encode, read_checkpoint, read_latest, salt_of
from engine.values import Properties
from fcpin.clock import Clock, SystemClock


@dataclass(frozen=True)
class Stack:
    """What is known without the passphrase; the rest is worked out when it is first needed."""

    name: str
    project: Project
    backend: Path
    """The `.pulumi` folder of all stacks."""
    clock: Clock

    @classmethod
    def named(cls, name: str | None, folder: Path) -> Self:
        """Whether it exists or not; PULUMI_STACK without a name. Raises UsageError, ProjectInvalid, Unsupported."""
        if not (name := name or os.environ.get("PULUMI_STACK")):
            raise UsageError("no stack selected; name it with --stack")
        project = Project.find(folder.resolve(), name.rpartition("/")[2])
        of_project, name = _full_name(name, project.name)
        if of_project != project.name:
            raise UsageError(f"the stack {name} of {of_project}: expected one of this project, {project.name}")
        return cls(name, project, _backend(project), SystemClock())

    @classmethod
    def open(cls, name: str | None, folder: Path) -> Self:
        """One that has a Pulumi.<stack>.yaml, or a state already. Raises StackNotFound too."""
        stack = cls.named(name, folder)
        if not (stack.path.exists() or stack.project.settings_file.exists()):
            advice = f"with a {stack.project.settings_file.name} its first `up` makes it"
            raise StackNotFound(f"no stack named '{stack.name}' found; {advice}")
        read_latest(stack.path)  # a state that cannot be used is refused before anything is started
        return stack

    @property
    def path(self) -> Path:
        """The checkpoint. Raises Unsupported when the CLI was told to compress it."""
        return self._state_file(self.project.name, self.name)

    def _state_file(self, project: str, stack: str) -> Path:
        path = self.backend / "stacks" / project / f"{stack}.json"
        for packed in (path.with_name(path.name + suffix) for suffix in (".gz", ".zst")):
            if packed.exists():
                raise Unsupported(f"the compressed state {packed}")
        return path

    @property
    def _now(self) -> str:
        """RFC 3339, as all files of the backend have it."""
        return self.clock.now().isoformat().replace("+00:00", "Z")

    @cached_property
    def crypter(self) -> Crypter:
        """For what is written; the salt of Pulumi.<stack>.yaml goes before the state's. Raises PassphraseWrong."""
        return crypter_of(self.project.settings.get("encryptionsalt") or salt_of(read_latest(self.path)))

    @cached_property
    def config(self) -> Properties:
        """Raises ProjectInvalid, PassphraseWrong."""
        return self.project.config(self.crypter.decrypt)

    def outputs_of(self, name: str) -> Properties:
        """Those of another stack of the same backend. Raises StackNotFound, and what reading a checkpoint raises."""
        project, stack = _full_name(name, self.project.name)
        path, settings = self._state_file(project, stack), self.project.settings_file.with_name(f"Pulumi.{stack}.yaml")
        if not (path.exists() or (project == self.project.name and settings.exists())):
            raise StackNotFound(f"unknown stack {name!r}: the backend {self.backend} has no such stack")
        return read_checkpoint(path).stack_outputs

    def write(self, state: Checkpoint) -> None:
        """Put it on disk; the one before it stays as `.bak`. Raises StateUnusable."""
        try:
            if not (meta := self.backend / "meta.yaml").exists():
                _write_atomically(meta, "version: 1\n")
            text = encode(state, f"organization/{self.project.name}/{self.name}", self.crypter, self._now)
            _write_atomically(self.path, text)
        except OSError as error:
            raise StateUnusable(f"cannot write {self.path}: {error.strerror}; what was there still is") from error

    @property
    def _lock_folder(self) -> Path:
        return self.backend / "locks" / "organization" / self.project.name / self.name

    def locks(self) -> dict[Path, str]:
        """The lock files of the CLI's file backend that are there now, and who holds each."""
        found = {}
        for path in self._lock_folder.glob("*.json"):
            with contextlib.suppress(FileNotFoundError):  # released in the meantime
                found[path] = _holder(path.read_bytes())
        return found

    @contextlib.contextmanager
    def locked(self) -> Iterator[Callable[[], None]]:
        """Hold the lock; gives what releases it early. Raises StackLocked.

        Like the CLI, a run writes its own lock and then looks for others, so of two that start at once at most one
        goes on.
        """
        mine = self._lock_folder / f"{uuid.uuid4()}.json"
        holder = {"pid": os.getpid(), "username": getpass.getuser(), "hostname": socket.gethostname()}
        mine.parent.mkdir(parents=True, exist_ok=True)
        try:
            mine.write_text(json.dumps({**holder, "timestamp": self._now}), encoding="utf-8")
            if others := [other for path, other in self.locks().items() if path != mine]:
                advice = f"if that run has ended, remove its lock: python -m engine cancel --stack {self.name} --yes"
                raise StackLocked(f"the stack {self.name} is locked by {others[0]}; {advice}")
            yield lambda: mine.unlink(missing_ok=True)
        finally:
            mine.unlink(missing_ok=True)


def _holder(text: bytes) -> str:
    """A file that says nothing is a lock of somebody."""
    content = {}
    with contextlib.suppress(TypeError, ValueError):
        content = {**json.loads(text)}
    user, host, pid, since = (content.get(key, "?") for key in ("username", "hostname", "pid", "timestamp"))
    return f"{user}@{host} (pid {pid}) since {since}"


def _backend(project: Project) -> Path:
    """PULUMI_BACKEND_URL, else `backend.url` of Pulumi.yaml, else the home folder. Raises Unsupported."""
    of_project = mapping(project.root / "Pulumi.yaml", "backend", project.document.get("backend")).get("url")
    url = os.environ.get("PULUMI_BACKEND_URL") or str(of_project or "file://~")
    scheme, _, path = url.partition("://")
    if scheme != "file":
        raise Unsupported(f"the backend {scheme}://… (expected file://…)")
    folder = (project.root / Path(unquote(path.split("?")[0])).expanduser()).resolve() / ".pulumi"
    meta = folder / "meta.yaml"
    if meta.exists() and (version := read_yaml(meta).get("version")) != 1:
        raise Unsupported(f"{meta}: backend layout version {version!r} (expected 1)")
    return folder


def _full_name(name: str, project: str) -> tuple[str, str]:
    """Project and stack of `dev`, `organization/dev` or `organization/<project>/dev`. Raises UsageError."""
    organization, *of_project, stack = name.split("/") if "/" in name else ("organization", name)
    if organization != "organization" or len(of_project) > 1:
        raise UsageError(f"stack {name!r}: expected <stack> or organization/<project>/<stack>")
    return (of_project or [project])[0], stack


def _write_atomically(path: Path, text: str) -> None:
    """Replace *path* so that after a crash it is either the old or the new text, never half of one; `.bak` is the old.

    The file backend of the CLI keeps an `.attrs` file beside each file, with a checksum: a stale one is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, backup = (path.with_name(f"{path.name}.{ending}") for ending in (f"{os.getpid()}.tmp", "bak"))
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():  # a copy by name: at no moment is there no file under the stack's own name
        backup.unlink(missing_ok=True)
        os.link(path, backup)
    temporary.replace(path)
    for written in (path, backup):
        written.with_name(f"{written.name}.attrs").unlink(missing_ok=True)
