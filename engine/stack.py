"""A stack: where a file:// backend keeps it, its project, settings and state, and the key to its secrets."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from engine import checkpoint
from engine.checkpoint import Checkpoint, Encoder, read_latest, salt_of
from engine.crypter import Crypter, crypter_of
from engine.errors import StackNotFound, StateUnusable, Unsupported, UsageError
from engine.project import Config, Project, StackSettings, read_yaml
from engine.values import Properties
from fcpin.clock import Clock, SystemClock


@dataclass(frozen=True)
class Stack:
    """What is known without the passphrase; the rest is worked out when it is first needed."""

    name: str
    project: Project
    backend: Path
    """The `.pulumi` folder of all stacks."""
    settings: StackSettings
    clock: Clock

    @classmethod
    def named(cls, name: str | None, folder: Path) -> Self:
        """Whether it exists or not; PULUMI_STACK without a name. Raises UsageError, ProjectInvalid, Unsupported."""
        project = Project.find(folder.resolve())
        name = name or os.environ.get("PULUMI_STACK")
        if not name:
            raise UsageError("no stack selected; name it with --stack")
        of_project, name = _full_name(name, project.name)
        if of_project != project.name:
            raise UsageError(f"the stack {name} of {of_project}: expected one of this project, {project.name}")
        return cls(name, project, _backend(project), StackSettings.load(project.stack_file(name)), SystemClock())

    @classmethod
    def open(cls, name: str | None, folder: Path, *, new: bool = True) -> Self:
        """One that exists, or is *new*: it has a Pulumi.<stack>.yaml and no state yet. Raises StackNotFound too."""
        stack = cls.named(name, folder)
        if stack.path.exists():
            read_latest(stack.path)  # a state that cannot be used is refused before anything is started
        elif not new or not stack.settings.path.exists():
            raise StackNotFound(
                f"no stack named '{stack.name}' found; create it with: python -m engine stack init {stack.name}"
            )
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
    def now(self) -> str:
        """RFC 3339, as all files of the backend have it."""
        return self.clock.now().isoformat().replace("+00:00", "Z")

    @property
    def lock_folder(self) -> Path:
        return self.backend / "locks" / "organization" / self.project.name / self.name

    @cached_property
    def crypter(self) -> Crypter:
        """For what is written; the salt of Pulumi.<stack>.yaml goes before the state's. Raises PassphraseWrong."""
        return crypter_of(self.settings.salt or (salt_of(read_latest(self.path)) if self.path.exists() else ""))

    @cached_property
    def config(self) -> Config:
        """Raises ProjectInvalid, PassphraseWrong."""
        return self.settings.resolve(self.project, self.crypter.decrypt)

    def read(self) -> Checkpoint:
        """The state as it is on disk now. Raises StateUnusable, Unsupported, PassphraseWrong."""
        return checkpoint.read(self.path) if self.path.exists() else Checkpoint()

    def outputs_of(self, name: str) -> Properties:
        """Those of another stack of the same backend. Raises StackNotFound, and what `read` raises."""
        path = self._state_file(*_full_name(name, self.project.name))
        if not path.exists():
            raise StackNotFound(f"unknown stack {name!r}: the backend {self.backend} has no such stack")
        return checkpoint.read(path).stack_outputs

    def writer(self) -> Callable[[Checkpoint], None]:
        """What puts a checkpoint on disk, the one before it stays as `.bak`. It raises StateUnusable."""
        encoder = Encoder(f"organization/{self.project.name}/{self.name}", self.crypter)

        def write(state: Checkpoint) -> None:
            try:
                if not (meta := self.backend / "meta.yaml").exists():
                    write_atomically(meta, "version: 1\n")
                write_atomically(self.path, encoder.encode(state, self.now), keep_previous=True)
            except OSError as error:
                raise StateUnusable(f"cannot write {self.path}: {error.strerror}; what was there still is") from error

        return write


def _backend(project: Project) -> Path:
    """PULUMI_BACKEND_URL, else `backend.url` of Pulumi.yaml, else the home folder. Raises Unsupported."""
    url = os.environ.get("PULUMI_BACKEND_URL") or str(project.section("backend").get("url") or "file://~")
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


def write_atomically(path: Path, text: str, *, keep_previous: bool = False) -> None:
    """Replace *path* so that after a crash it is either the old or the new text, never half of one.

    The file backend of the CLI keeps an `.attrs` file beside each file, with a checksum: a stale one is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, backup = (path.with_name(f"{path.name}.{ending}") for ending in (f"{os.getpid()}.tmp", "bak"))
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if keep_previous and path.exists():  # a copy by name: at no moment is there no file under the stack's own name
        backup.unlink(missing_ok=True)
        os.link(path, backup)
    temporary.replace(path)
    for written in (path, backup):
        written.with_name(f"{written.name}.attrs").unlink(missing_ok=True)
