"""A code repository, and the commits that somebody makes in it."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from demo.narrator import Narrator

_WHO: Final = {"NAME": "Demo", "EMAIL": "demo@example.com"}
_GIT: Final = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _WHO.items()}


@dataclass(frozen=True)
class Code:
    """A git repository in *folder*."""

    folder: Path
    narrator: Narrator

    def begin(self) -> None:
        self.folder.mkdir()
        self._git("init", "--quiet")

    def commit(self, message: str, files: Mapping[str, str]) -> str:
        """Write *files* and commit them; gives the commit."""
        for name, text in files.items():
            (self.folder / name).write_text(text)
            self.narrator.say(f"{self.folder.name}/{name}:\n")
            self.narrator.say("".join(f"    {line}\n" for line in text.splitlines()))
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message)
        commit = self._git("rev-parse", "HEAD").strip()
        self.narrator.say(f"commit {commit}: {message}")
        return commit

    def _git(self, *arguments: str) -> str:
        environment = {**os.environ, **_GIT, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
