"""What the demo shows: sentences, the commands it runs, and their very output."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_WIDTH: Final = 100


class DemoFailed(Exception):
    """Something did not happen as it was told."""


@dataclass
class Narrator:
    """Writes to standard output; commands run with *environment* on top of this process's."""

    environment: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None
    """Where commands run."""
    quiet: bool = False
    """Write nothing."""
    acts: int = 0

    def act(self, title: str) -> None:
        self.acts += 1
        line = f"── {self.acts}. {title} "
        self._write(f"\n{line}{'─' * (_WIDTH - len(line))}\n")

    def say(self, text: str) -> None:
        self._write(f"{text}\n")

    def show(self, text: str) -> None:
        """A file, or a part of one, set off from what is said."""
        self.say("".join(f"    {line}\n" for line in text.splitlines()))

    def run(self, command: Sequence[str], environment: Mapping[str, str] | None = None, *, code: int = 0) -> str:
        """Run a command, show it and what it prints as it prints it. Raises DemoFailed unless it exits with *code*."""
        shown = shlex.join("python" if word == sys.executable else word for word in command)
        self._write(f"$ {shown}\n")
        process = subprocess.Popen(
            command,
            env={**os.environ, **self.environment, **(environment or {})},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            self._write(f"  {line}" if line.strip() else "\n")
        if process.wait() != code:
            raise DemoFailed(f"{shown}: exit {process.returncode}, expected {code}")
        return "".join(lines)

    def _write(self, text: str) -> None:
        if not self.quiet:
            sys.stdout.write(text)
            sys.stdout.flush()


def expect(what: str, happened: bool) -> None:
    """Raises DemoFailed unless *happened*."""
    if not happened:
        raise DemoFailed(f"expected, but not seen: {what}")
