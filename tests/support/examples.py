"""Console examples in Markdown: what stands in a ```console block, command by command."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_BLOCK: Final = re.compile(r"```console\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Example:
    """One command and the output that stands under it."""

    page: str
    command: str
    output: str

    def __str__(self) -> str:
        return f"{self.page}: {self.command[:60]}"

    def run(self, folder: Path) -> str:
        """What the command prints now, with `fcpin` meaning the one under test."""
        script = f'fcpin() {{ "{sys.executable}" -m fcpin "$@"; }}\n{self.command}'
        done = subprocess.run(
            ["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )
        return done.stdout + done.stderr


def examples(page: Path) -> Iterator[Example]:
    """Every command of *page* that has a prompt."""
    for block in _BLOCK.findall(page.read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield Example(page.name, command, output)
