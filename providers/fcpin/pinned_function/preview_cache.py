"""What the preview of a run selected, so that its update deploys the same.

`pulumi up` starts two processes of the plugin one after the other, both children of one engine: the first previews,
the second updates, and each calls check. A tag that is pushed while the user reads the preview must not be deployed
unseen. So the first process leaves its selections in a private file named after the engine process, and the second
one takes them. `--plan` and `--strict` are the official form of the same promise.
"""

import hashlib
import json
import os
import platform
import stat
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

import psutil

from fcpin.errors import FcpinError
from fcpin.json_reader import read_json

_SHELLS: Final = frozenset({"sh", "bash", "dash", "cmd.exe", "pulumi-resource", "pulumi-resource-pulumi-python"})
"""What may stand between the engine and the plugin: the launcher script of the Pulumi CLI."""


@dataclass(frozen=True, slots=True)
class Selected:
    """One selection of a preview."""

    tag: str
    digest: str
    summary: str
    protected: bool = False
    by: str = ""
    selected: bool = False
    pushed: str = ""
    """When the registry received the tag, ISO 8601; empty where it does not return push times."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The process that runs `pulumi up`: its id and when it started, because ids come back."""

    pid: int
    started: float

    @classmethod
    def of_this_plugin(cls) -> Self | None:
        """The nearest ancestor that is not a shell, or None where the system lists no ancestors."""
        with suppress(psutil.Error):
            for process in psutil.Process().parents():
                if process.name() not in _SHELLS:
                    return cls(process.pid, process.create_time())
        return None

    @property
    def file_name(self) -> str:
        return f"{self.pid}-{self.started:.2f}.json"

    @classmethod
    def from_file_name(cls, name: str) -> Self | None:
        pid, dash, started = name.removesuffix(".json").partition("-")
        with suppress(ValueError):
            return cls(int(pid), float(started)) if dash else None
        return None

    def is_alive(self) -> bool:
        with suppress(psutil.Error):
            return f"{psutil.Process(self.pid).create_time():.2f}" == f"{self.started:.2f}"
        return False


class UnsafeFolder(FcpinError):
    """The folder for what previews selected is open to others, or cannot be written."""


def cache_folder(environment: Mapping[str, str] = os.environ, temporary: Path | None = None) -> Path | None:
    """A folder that only this user can read, for files that live as long as one run; None where none can be made.

    The user's runtime folder, else one in the temporary folder, else one in the user's cache. A folder that belongs to
    another user, or that another user can replace, is passed over. *temporary*: the system's own unless given.
    """
    name = f"fcpin-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    for base in _bases(environment, temporary):
        with suppress(OSError, UnsafeFolder):
            if _keeps_entries(base):
                return private(base / name)
    return None


def _bases(environment: Mapping[str, str], temporary: Path | None) -> Iterator[Path]:
    given = environment.get("XDG_RUNTIME_DIR") or ""
    if Path(given).is_absolute():
        yield Path(given)
    with suppress(OSError):
        yield temporary or Path(tempfile.gettempdir())
    cache = environment.get("XDG_CACHE_HOME") or ""
    # hosts that share a home have a folder each: a host cannot see which engines of another one are alive
    with suppress(RuntimeError):
        home = Path(cache) if Path(cache).is_absolute() else Path.home() / ".cache"
        yield home / "fcpin" / "runs" / quote(platform.node() or "localhost", safe="")


def _keeps_entries(folder: Path) -> bool:
    """Whether no other user can rename or remove what is in *folder*; one that does not exist yet is made private."""
    if not folder.exists():
        return True
    status = folder.stat()
    return not status.st_mode & 0o022 or bool(status.st_mode & stat.S_ISVTX)


class PreviewCache:
    """The selections of the phase before this one, and those of this phase for the next one. Thread-safe."""

    def __init__(self, folder: Path | None, engine: Engine | None) -> None:
        """Without a folder or an engine nothing is kept: each phase then resolves on its own."""
        self._lock = threading.Lock()
        self._file = folder / engine.file_name if folder and engine else None
        self._previewed = self._take()

    def get(self, key: str) -> Selected | None:
        """What the phase before this one selected for *key*."""
        return self._previewed.get(key)

    def put(self, key: str, selected: Selected) -> None:
        """Leave a selection to the next phase of this run."""
        if self._file is None:
            return
        line = json.dumps([key, asdict(selected)])
        try:
            with self._lock, open(self._file, "a", encoding="utf-8", opener=_for_this_user) as file:
                file.write(f"{line}\n")
        except OSError as error:
            raise UnsafeFolder(
                f"{self._file} cannot be written: {error.strerror}; free disk space, and run again"
            ) from None

    def _take(self) -> Mapping[str, Selected]:
        """Selections are taken once: a long-lived engine that runs again resolves again."""
        if self._file is None:
            return {}
        _sweep(self._file.parent)
        try:
            text = self._file.read_text(encoding="utf-8")
            self._file.unlink()
            return {key: Selected(**value) for key, value in map(read_json, text.splitlines())}
        except (OSError, ValueError, TypeError):
            return {}  # no file, or not one of ours: resolve again


def _for_this_user(file: str, flags: int) -> int:
    return os.open(file, flags, 0o600)


def key_of(*parts: object) -> str:
    """A short name for the inputs of a selection."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def private(folder: Path) -> Path:
    """*folder*, made if need be. Raises OSError, and UnsafeFolder when others can look into it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    is_folder = stat.S_ISDIR(status.st_mode)
    if hasattr(os, "getuid") and (not is_folder or status.st_uid != os.getuid() or status.st_mode & 0o077):
        raise UnsafeFolder(f"{folder} is accessible to other users; remove it")
    return folder


def _sweep(folder: Path) -> None:
    """Remove the files of runs that ended before their update."""
    for file in folder.glob("*.json"):
        engine = Engine.from_file_name(file.name)
        if engine is not None and not engine.is_alive():
            file.unlink(missing_ok=True)
