"""The output of a demo: sentences, the commands that it runs, and what they print; and how a demo runs."""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from fcpin.layout import WIDTH, fold

Engine = Literal["embedded", "pulumi"]

FCPIN: Final = (sys.executable, "-m", "fcpin")
"""The command `fcpin` of this installation."""
_RULE: Final = 100
"""Columns of an act's title and the rule behind it."""
_INDENT: Final = "  "

_ENGINES: Final[dict[Engine, str]] = {
    "pulumi": "Engine: the Pulumi CLI.",
    "embedded": "Engine: the embedded one, because the Pulumi CLI is not on PATH or ENGINE=embedded is set.",
}


class DemoFailed(Exception):
    """A step did not have the expected result."""


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
        self._out(f"\n{line}{'─' * (_RULE - len(line))}\n")

    def write(self, text: str) -> None:
        """Sentences, with shortened digests, in lines that fit."""
        self._out("\n".join(fold(text, rest=_INDENT)) + "\n")

    def write_file(self, text: str) -> None:
        """A file or a part of one, indented."""
        self.write("".join(f"    {line}\n" for line in text.splitlines()))

    def run(self, command: Sequence[str], environment: Mapping[str, str] | None = None, *, code: int = 0) -> str:
        """Run a command, show it and what it prints as it prints it. Raises DemoFailed unless it exits with *code*."""
        words = ["fcpin", *command[len(FCPIN) :]] if tuple(command[: len(FCPIN)]) == FCPIN else list(command)
        self._out(f"{_prompt(words)}\n")
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
            self._out(f"{_INDENT}{line}" if line.strip() else "\n")
        if process.wait() != code:
            raise DemoFailed(f"{shlex.join(words)}: exit {process.returncode}, expected {code}")
        return "".join(lines)

    def _out(self, text: str) -> None:
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
        raise DemoFailed(f"expected, but not observed: {what}")


def perform(about: str, folder: Path, play: Callable[[Narrator, Engine], None], needed: Sequence[str] = ()) -> int:
    """Run *play* in a fresh *folder*. Exit status: 0 done, 1 a step failed, 2 a program is missing."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--engine", choices=("auto", "embedded", "pulumi"), default="auto")
    wanted = parser.parse_args().engine
    if missing := [program for program in needed if not shutil.which(program)]:
        sys.stderr.write(f"demo: {', '.join(missing)} is not on PATH; on Debian: apt-get install {' '.join(missing)}\n")
        return 2
    if wanted == "pulumi" and not shutil.which("pulumi"):
        sys.stderr.write("demo: --engine pulumi: the Pulumi CLI is not on PATH\n")
        return 2
    engine: Engine = "pulumi" if shutil.which("pulumi") and wanted != "embedded" else "embedded"
    narrator, started = Narrator(folder=folder), time.monotonic()
    narrator.write(_ENGINES[engine])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        play(narrator, engine)
    except DemoFailed as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    seconds = time.monotonic() - started
    narrator.write(f"\nEvery step had the expected result, in {seconds:.0f} s. State and logs: {folder.name}/")
    return 0
