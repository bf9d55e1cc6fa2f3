"""A stack: its Pulumi.yaml and Pulumi.<stack>.yaml, and its files in a file:// backend."""

import contextlib
import getpass
import glob
import json
import os
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from fcpin.clock import Clock, SystemClock
from fcpin.engine.crypter import Crypter, crypter_of
from fcpin.engine.errors import ProjectInvalid, StackLocked, StackNotFound, StateUnusable, Unsupported, UsageError
from fcpin.engine.state import Checkpoint, encode, read_checkpoint, read_latest, salt_of
from fcpin.engine.values import Properties, Secret, Value, compact, has_secret, reveal
from fcpin.errors import InvalidInput
from fcpin.json_reader import read_json
from fcpin.processes import ProcessIdentity
from fcpin.yaml_reader import load, read_text


@dataclass(frozen=True)
class Lock:
    """A lock file of the CLI's file backend; the engine adds `started` and `machine` to it, which the CLI ignores."""

    holder: str
    """`<user>@<host> (pid <pid>) since <timestamp>`, `?` for what the file does not give."""
    process: ProcessIdentity | None
    """None for a lock of the CLI, and for a file that cannot be read: such a lock is always respected."""

    @classmethod
    def read(cls, content: bytes) -> Self:
        try:
            values = read_json(content)
        except ValueError:
            values = {}
        known = values if isinstance(values, dict) else {}
        user, host, pid, time = (
            " ".join(str(known.get(key, "?")).split())[:200] for key in ("username", "hostname", "pid", "timestamp")
        )
        return cls(f"{user}@{host} (pid {pid}) since {time}", ProcessIdentity.read(known))

    @property
    def is_dead(self) -> bool:
        """Whether its process certainly has ended."""
        return self.process is not None and self.process.is_dead

    def __str__(self) -> str:
        return self.holder


@dataclass(frozen=True)
class Stack:
    """What is known without the passphrase; the rest is worked out when it is first needed."""

    name: str
    project: str
    root: Path
    """The folder of Pulumi.yaml."""
    document: Mapping[str, Any]
    """Pulumi.yaml."""
    settings_file: Path
    """In `stackConfigDir:`, else in the root, whether it exists or not."""
    settings: Mapping[str, Any]
    """What is in that file."""
    clock: Clock = field(default_factory=SystemClock)

    @classmethod
    def named(cls, name: str | None, folder: Path) -> Self:
        """Whether it exists or not; PULUMI_STACK without a name. Raises UsageError, ProjectInvalid, Unsupported."""
        if not (name := name or os.environ.get("PULUMI_STACK")):
            raise UsageError("no stack selected; name it with --stack")
        project, root, document = _project(folder.resolve())
        of_project, name = _full_name(name, project)
        if of_project != project:
            raise UsageError(f"the stack {name} of {of_project}: expected one of this project, {project}")
        file = root / str(document.get("stackConfigDir") or ".") / f"Pulumi.{name}.yaml"
        try:
            settings = _read_yaml(file) if file.exists() else {}
        except OSError as error:  # a name that is too long, for example
            raise ProjectInvalid(f"Pulumi.yaml: stackConfigDir cannot be used: {error.strerror}") from None
        if settings.get("secretsprovider") not in (None, "passphrase", "default"):
            raise Unsupported(f"{file}: secretsprovider {settings['secretsprovider']!r}")
        if settings.get("environment"):
            raise Unsupported(f"{file}: environment (Pulumi ESC)")
        return cls(name, project, root, document, file, settings)

    @classmethod
    def open(cls, name: str | None, folder: Path) -> Self:
        """One that has a Pulumi.<stack>.yaml, or a state already. Raises StackNotFound too."""
        stack = cls.named(name, folder)
        if not (stack.path.exists() or stack.settings_file.exists()):
            file = stack.settings_file.name
            raise StackNotFound(
                f"no stack named '{stack.name}' found; create {file}, and its first `up` creates the stack"
            )
        read_latest(stack.path)  # a state that cannot be used is refused before anything is started
        return stack

    @property
    def program(self) -> Path:
        """Where the program runs: `main:`, else the root."""
        return (self.root / str(self.document.get("main") or ".")).resolve()

    @cached_property
    def backend(self) -> Path:
        """The `.pulumi` folder of all stacks. Raises Unsupported.

        It is in PULUMI_BACKEND_URL, else in the `backend.url` of Pulumi.yaml, else at home.
        """
        of_project = _mapping(self.root / "Pulumi.yaml", "backend", self.document.get("backend")).get("url")
        scheme, _, path = (os.environ.get("PULUMI_BACKEND_URL") or str(of_project or "file://~")).partition("://")
        if scheme != "file":
            raise Unsupported(f"the backend {scheme}://… (expected file://…)")
        folder = (self.root / Path(unquote(path.split("?")[0])).expanduser()).resolve() / ".pulumi"
        meta = folder / "meta.yaml"
        if meta.exists() and (version := _read_yaml(meta).get("version")) != 1:
            raise Unsupported(f"{meta}: backend layout version {version!r} (expected 1)")
        return folder

    @property
    def path(self) -> Path:
        """The checkpoint. Raises Unsupported when the CLI has compressed it."""
        return self._state_file(self.project, self.name)

    def _state_file(self, project: str, stack: str) -> Path:
        path = self.backend / "stacks" / project / f"{stack}.json"
        for packed in (path.with_name(path.name + suffix) for suffix in (".gz", ".zst")):
            if packed.exists():
                raise Unsupported(f"the compressed state {packed}")
        return path

    def outputs_of(self, name: str) -> Properties:
        """Those of another stack of the same backend. Raises StackNotFound, and what reading a checkpoint raises."""
        project, stack = _full_name(name, self.project)
        path, settings = self._state_file(project, stack), self.settings_file.with_name(f"Pulumi.{stack}.yaml")
        if not (path.exists() or (project == self.project and settings.exists())):
            raise StackNotFound(f"unknown stack {name!r}: the backend {self.backend} has no such stack")
        return read_checkpoint(path).stack_outputs

    @cached_property
    def crypter(self) -> Crypter:
        """For what is written; the salt of Pulumi.<stack>.yaml goes before the state's. Raises PassphraseWrong."""
        return crypter_of(str(self.settings.get("encryptionsalt") or salt_of(read_latest(self.path))))

    @cached_property
    def config(self) -> Properties:
        """The configuration as the program and the plugin get it: `project:key` to text, or a secret text.

        The project's values, then the stack's own, secure ones decrypted. Raises ProjectInvalid, Unsupported,
        PassphraseWrong.
        """
        values, decrypt = self._values(self.root / "Pulumi.yaml", self.document), self.crypter.decrypt
        for key, value in values.items():
            if isinstance(value, dict):
                raise Unsupported(f"{self.root / 'Pulumi.yaml'}: config: {key}: a type, a default or another structure")
        values |= self._values(self.settings_file, self.settings)
        config = {}
        for key in sorted(values):
            try:
                value = _opened(values[key], decrypt)
            except StateUnusable as error:
                raise ProjectInvalid(
                    f"{self.settings_file}: {key}: {error}; set it again with the Pulumi CLI"
                ) from None
            plain = reveal(value)
            text = "" if plain is None else plain if isinstance(plain, str) else compact(plain)
            config[key] = Secret(text) if has_secret(value) else text
        return config

    def _values(self, path: Path, document: Mapping[str, Any]) -> dict[str, Any]:
        """`config:` with `<project>:` before every key that has no namespace."""
        config = _mapping(path, "config", document.get("config"))
        return {key if ":" in key else f"{self.project}:{key}": value for key, value in config.items()}

    def write(self, state: Checkpoint) -> None:
        """Put it on disk; the one before it stays as `.bak`. Raises StateUnusable."""
        try:
            if not (meta := self.backend / "meta.yaml").exists():
                _write_atomically(meta, "version: 1\n")
            text = encode(state, f"organization/{self.project}/{self.name}", self.crypter, self._now)
            _write_atomically(self.path, text)
        except OSError as error:
            raise StateUnusable(
                f"cannot write {self.path}: {error.strerror}; the previous file is unchanged"
            ) from error

    @property
    def _now(self) -> str:
        """RFC 3339, as all files of the backend have it."""
        return self.clock.now().isoformat().replace("+00:00", "Z")

    @property
    def _lock_folder(self) -> Path:
        return self.backend / "locks" / "organization" / self.project / self.name

    def locks(self) -> dict[Path, Lock]:
        """The lock files of the CLI's file backend that exist now."""
        found = {}
        for path in self._lock_folder.glob("*.json"):
            with contextlib.suppress(FileNotFoundError):  # released in the meantime
                found[path] = Lock.read(path.read_bytes())
        return found

    @contextlib.contextmanager
    def locked(self, report: Callable[[str], None]) -> Iterator[Callable[[], None]]:
        """Hold the lock; gives what releases it early. Raises StackLocked.

        Like the CLI, a run writes its own lock and then looks for others, so of two that start at once at most one
        goes on. A lock whose process certainly has ended is removed, and *report* gets a line about it; then the
        temporary files of that run are removed as well.
        """
        mine = self._lock_folder / f"{uuid.uuid4()}.json"
        me = ProcessIdentity.of(os.getpid())
        holder = {"pid": os.getpid(), "username": getpass.getuser(), "hostname": socket.gethostname()}
        holder |= me.as_json() if me else {}
        mine.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as held:
            held.callback(mine.unlink, missing_ok=True)
            mine.write_text(json.dumps({**holder, "timestamp": self._now}), encoding="utf-8")
            others = []
            for path, other in self.locks().items():
                if other.is_dead:
                    path.unlink(missing_ok=True)
                    report(f"took over the lock of {other}, whose process has ended")
                elif path != mine:
                    others.append(other)
            if others:
                advice = f"if that run has ended, remove its lock: fcpin engine cancel --stack {self.name} --yes"
                raise StackLocked(f"the stack {self.name} is locked by {others[0]}; {advice}")
            self._remove_temporary_files()
            yield held.close

    def _remove_temporary_files(self) -> None:
        """Those that a killed run left. Only the holder of the lock may call it: no other process writes this state."""
        for path in self.path.parent.glob(f"{glob.escape(self.path.name)}.*.tmp"):
            path.unlink(missing_ok=True)
        meta = self.backend / "meta.yaml"
        if meta.exists():  # it is written once; from then on a temporary file of it is a leftover
            for path in self.backend.glob(f"{meta.name}.*.tmp"):
                path.unlink(missing_ok=True)


def _project(folder: Path) -> tuple[str, Path, Mapping[str, Any]]:
    """Name, root and Pulumi.yaml of the project that *folder* is in. Raises ProjectInvalid, Unsupported."""
    roots = [root for root in (folder, *folder.parents) if (root / "Pulumi.yaml").exists()]
    if not roots:
        raise ProjectInvalid(f"no Pulumi.yaml in {folder} or above it; use --cwd to name the project's folder")
    path = roots[0] / "Pulumi.yaml"
    document = _read_yaml(path)
    name, runtime = document.get("name"), document.get("runtime")
    if not isinstance(name, str) or not name or "/" in name:
        raise ProjectInvalid(f"{path}: name: got {name!r}, expected letters, digits, '_', '.' and '-'")
    if (runtime.get("name") if isinstance(runtime, dict) else runtime) != "python":
        raise Unsupported(f"{path}: runtime {runtime!r} (expected python)")
    return name, roots[0], document


def _full_name(name: str, project: str) -> tuple[str, str]:
    """Project and stack of `dev`, `organization/dev` or `organization/<project>/dev`. Raises UsageError."""
    organization, *of_project, stack = name.split("/") if "/" in name else ("organization", name)
    if organization != "organization" or len(of_project) > 1:
        raise UsageError(f"stack {name!r}: expected <stack> or organization/<project>/<stack>")
    return (of_project or [project])[0], stack


def _read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping. Raises ProjectInvalid."""
    try:
        document = load(read_text(path), str(path))
    except InvalidInput as error:
        raise ProjectInvalid(str(error)) from None
    return _mapping(path, "the file", document)


def _mapping(path: Path, what: str, value: Any) -> dict[str, Any]:
    """*value*, found at *what* in *path*, if it is a mapping or nothing. Raises ProjectInvalid."""
    if not isinstance(value or {}, dict):
        raise ProjectInvalid(f"{path}: {what}: got {compact(value)[:40]}, expected a mapping")
    return {str(key): item for key, item in (value or {}).items()}


def _opened(value: Any, decrypt: Callable[[str], str]) -> Value:
    """*value* with what is in each `{secure: ciphertext}` as a secret."""
    if isinstance(value, dict):
        if value.keys() == {"secure"}:
            return Secret(decrypt(str(value["secure"])))
        return {str(key): _opened(item, decrypt) for key, item in value.items()}
    return [_opened(item, decrypt) for item in value] if isinstance(value, list) else value


def _write_atomically(path: Path, text: str) -> None:
    """Replace *path* so that after a crash it is either the old or the new text, never half of one; `.bak` is the old.

    The file backend of the CLI keeps an `.attrs` file next to each file, with a checksum: a stale one is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, backup = (path.with_name(f"{path.name}.{ending}") for ending in (f"{os.getpid()}.tmp", "bak"))
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():  # a copy by name: at no moment is there no file under the stack's own name
            backup.unlink(missing_ok=True)
            os.link(path, backup)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    for written in (path, backup):
        written.with_name(f"{written.name}.attrs").unlink(missing_ok=True)
