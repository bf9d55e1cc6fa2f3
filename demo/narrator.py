"""What the demo shows: sentences, the commands it runs, and their very output."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fcpin.layout import WIDTH, fold

FCPIN: Final = (sys.executable, "-m", "fcpin")
"""The command `fcpin` of this installation."""
_RULE: Final = 100
"""Columns of an act's title and the rule behind it."""
_INDENT: Final = "  "


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
        self._write(f"\n{line}{'─' * (_RULE - len(line))}\n")

    def say(self, text: str) -> None:
        """Sentences, with shortened digests, in lines that fit."""
        self._write("\n".join(fold(text, rest=_INDENT)) + "\n")

    def show(self, text: str) -> None:
        """A file, or a part of one, set off from what is said."""
        self.say("".join(f"    {line}\n" for line in text.splitlines()))

    def run(self, command: Sequence[str], environment: Mapping[str, str] | None = None, *, code: int = 0) -> str:
        """Run a command, show it and what it prints as it prints it. Raises DemoFailed unless it exits with *code*."""
        words = ["fcpin", *command[len(FCPIN) :]] if tuple(command[: len(FCPIN)]) == FCPIN else list(command)
        self._write(f"{_prompt(words)}\n")
        process = subprocess.Popen(
            command,
            env={**os.environ, "COLUMNS": str(WIDTH - len(_INDENT)), **self.environment, **(environment or {})},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            self._write(f"{_INDENT}{line}" if line.strip() else "\n")
        if process.wait() != code:
            raise DemoFailed(f"{shlex.join(words)}: exit {process.returncode}, expected {code}")
        return "".join(lines)

    def _write(self, text: str) -> None:
        if not self.quiet:
            sys.stdout.write(text)
            sys.stdout.flush()


def _prompt(words: Sequence[str]) -> str:
    """A command as one would type it, over several lines where it is long."""
    lines = ["$"]
    for word in map(shlex.quote, words):
        if len(f"{lines[-1]} {word} \\") > WIDTH:
            lines.append(" " * 3)
        lines[-1] += f" {word}"
    return " \\\n".join(lines)


def expect(what: str, happened: bool) -> None:
    """Raises DemoFailed unless *happened*."""
    if not happened:
        raise DemoFailed(f"expected, but not seen: {what}")
