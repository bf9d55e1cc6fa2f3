"""A code repository that images are built from."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CONTAINERFILE: Final = 'FROM scratch\nCOPY app /app\nCMD ["/app"]\n'
"""An image of one file, `app`."""

_IDENTITY: Final = {"NAME": "Demo", "EMAIL": "demo@example.com"}
_GIT: Final = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _IDENTITY.items()}


@dataclass
class Code:
    """A git repository in *folder*."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self._git("init", "--quiet")

    def commit(self, files: Mapping[str, str], message: str = "Change") -> str:
        """Write *files*, commit everything, and return the commit."""
        for name, text in files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", message)
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str) -> str:
        environment = {**os.environ, **_GIT, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
