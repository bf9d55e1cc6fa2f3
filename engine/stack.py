"""A stack, opened: its project, its settings, its state and the key to its secrets."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from engine.backend import Backend
from engine.checkpoint import Checkpoint, Encoder, read_latest, salt_of, unseal
from engine.crypter import Crypter
from engine.errors import PassphraseWrong, StackNotFound, UsageError
from engine.project import Config, Project, StackSettings
from engine.times import rfc3339
from fcpin.clock import Clock


@dataclass(frozen=True)
class Stack:
    """What is known without the passphrase; the rest is worked out when it is first needed."""

    name: str
    project: Project
    backend: Backend
    settings: StackSettings
    clock: Clock

    @classmethod
    def open(cls, name: str | None, directory: Path, clock: Clock) -> Self:
        """Raises UsageError, ProjectInvalid, StackNotFound, Unsupported.

        A stack that has a Pulumi.<stack>.yaml and no state yet is a new, empty one.
        """
        stack = cls.named(name, directory, clock)
        if not stack.exists and not stack.settings.path.exists():
            raise StackNotFound(
                f"no stack named '{stack.name}' found; create it with: python -m engine stack init {stack.name}"
            )
        if stack.exists:
            salt_of(read_latest(stack.path))  # a state that cannot be used is refused before anything is started
        return stack

    @classmethod
    def named(cls, name: str | None, directory: Path, clock: Clock) -> Self:
        """Whether it exists or not."""
        project = Project.find(directory.resolve())
        name = name or os.environ.get("PULUMI_STACK")
        if not name:
            raise UsageError("no stack selected; name it with --stack")
        name = _short(name, project.name)
        backend = Backend.of(project)
        backend.check()
        return cls(name, project, backend, StackSettings.load(project.stack_file(name)), clock)

    @property
    def path(self) -> Path:
        return self.backend.state_file(self.project.name, self.name)

    @property
    def exists(self) -> bool:
        return self.path.exists()

    @cached_property
    def crypter(self) -> Crypter:
        """For what is written. Raises PassphraseWrong.

        The salt of Pulumi.<stack>.yaml goes before that of the state, as with the CLI.
        """
        salt = self.settings.salt or self._state_salt
        return Crypter.open(passphrase(), salt) if salt else Crypter.create(passphrase())

    @cached_property
    def _state_salt(self) -> str:
        return salt_of(read_latest(self.path)) if self.exists else ""

    @cached_property
    def config(self) -> Config:
        """Raises ProjectInvalid, PassphraseWrong."""
        return self.settings.resolve(self.project, self.crypter.decrypt)

    def read(self) -> Checkpoint:
        """The state as it is on disk now. Raises StateUnusable, Unsupported, PassphraseWrong."""
        if not self.exists:
            return Checkpoint()
        latest = read_latest(self.path)
        salt = salt_of(latest)
        # a state may still be under the salt that it had before one was written to Pulumi.<stack>.yaml
        same = not salt or salt == self.crypter.salt
        return unseal(self.path, latest, self.crypter if same else Crypter.open(passphrase(), salt))

    def writer(self) -> Callable[[Checkpoint], None]:
        """What puts a checkpoint on disk; the one before it stays as `.bak`."""
        encoder = Encoder(f"organization/{self.project.name}/{self.name}", self.crypter)

        def write(checkpoint: Checkpoint) -> None:
            text = encoder.encode(checkpoint, rfc3339(self.clock.now()))
            self.backend.write(self.path, text, keep_previous=True)

        return write


def passphrase() -> str:
    """PULUMI_CONFIG_PASSPHRASE, else the content of PULUMI_CONFIG_PASSPHRASE_FILE. Raises PassphraseWrong."""
    text = os.environ.get("PULUMI_CONFIG_PASSPHRASE")
    if text is not None:
        return text
    if file := os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise PassphraseWrong(f"PULUMI_CONFIG_PASSPHRASE_FILE: {file}: {error.strerror}") from error
    raise PassphraseWrong("passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE")


def _short(name: str, project: str) -> str:
    """`dev` of `dev`, `organization/dev` or `organization/<project>/dev`."""
    parts = name.split("/")
    organization, of_project = parts[0] if len(parts) > 1 else "organization", parts[1] if len(parts) > 2 else project
    if organization != "organization" or of_project != project or len(parts) > 3:
        raise UsageError(
            f"stack {name!r}: expected a stack of this project, such as organization/{project}/{parts[-1]}"
        )
    return parts[-1]
