"""The file:// backend: where the CLI keeps a stack's state, locks and history below `.pulumi`."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from engine.checkpoint import write_atomically
from engine.errors import StateUnusable, Unsupported
from engine.project import Project, read_yaml


@dataclass(frozen=True)
class Backend:
    """One `.pulumi` directory."""

    root: Path

    @classmethod
    def of(cls, project: Project) -> Self:
        """PULUMI_BACKEND_URL, else `backend.url` of Pulumi.yaml, else the home directory. Raises Unsupported."""
        url = os.environ.get("PULUMI_BACKEND_URL") or project.backend_url or "file://~"
        scheme, _, path = url.partition("://")
        if scheme != "file":
            raise Unsupported(f"the backend {scheme}://… (expected file://…)")
        directory = Path(unquote(path.split("?")[0])).expanduser()
        return cls((project.root / directory).resolve() / ".pulumi")

    def check(self) -> None:
        """Raises Unsupported when another layout is in use."""
        meta = self.root / "meta.yaml"
        version = read_yaml(meta).get("version") if meta.exists() else 1
        if version != 1:
            raise Unsupported(f"{meta}: backend layout version {version!r} (expected 1)")

    def state_file(self, project: str, stack: str) -> Path:
        """The stack's checkpoint. Raises Unsupported when the CLI was told to compress it."""
        path = self.root / "stacks" / project / f"{stack}.json"
        for suffix in (".gz", ".zst"):
            if (packed := path.with_name(path.name + suffix)).exists():
                raise Unsupported(f"the compressed state {packed}")
        return path

    def lock_directory(self, project: str, stack: str) -> Path:
        return self.root / "locks" / "organization" / project / stack

    def history_directory(self, project: str, stack: str) -> Path:
        return self.root / "history" / project / stack

    def stacks(self, project: str) -> Iterator[tuple[str, Path]]:
        """Name and checkpoint of every stack of *project*."""
        for path in sorted((self.root / "stacks" / project).glob("*.json")):
            yield path.stem, path

    def write(self, path: Path, text: str, *, keep_previous: bool = False) -> None:
        """Write a file of the backend. Raises StateUnusable when the disk does not take it."""
        try:
            meta = self.root / "meta.yaml"
            if not meta.exists():
                write_atomically(meta, "version: 1\n")
            write_atomically(path, text, keep_previous=keep_previous)
        except OSError as error:
            raise StateUnusable(f"cannot write {path}: {error.strerror}; the state before it is still there") from error
