"""The parent's side of the two child processes: start them early, tell them what to do, end them for certain."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Self

Kind = Literal["program", "plugin"]


class Child:
    """A process of this engine, in a process group of its own so that Ctrl-C reaches the engine alone.

    It ends when the engine does, even when that is killed: see engine/child.py.
    """

    def __init__(self, kind: Kind, directory: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-u", str(Path(__file__).with_name("child.py")), kind],
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            process_group=0,
        )
        self._readers: list[threading.Thread] = []

    def begin(self, settings: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        """Hand over what it waits for. *environment* is added to its environment."""
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - it was asked for
        with contextlib.suppress(BrokenPipeError):  # it ended already; its exit code tells
            pipe.write(json.dumps({**settings, "environment": dict(environment)}) + "\n")
            pipe.flush()

    def first_line(self) -> str:
        """What it prints first: the plugin's port. Empty when it ended instead."""
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        return self._process.stdout.readline().strip()

    def pass_on(self, stream: Literal["stdout", "stderr"], show: Callable[[str], None]) -> None:
        """Give every line that it prints there from now on to *show*, which is called in a thread."""
        reader = threading.Thread(target=_pump, args=(getattr(self._process, stream), show), daemon=True)
        reader.start()
        self._readers.append(reader)

    def wait(self) -> int:
        """Its exit code, after all that it printed has been passed on."""
        code = self._process.wait()
        for reader in self._readers:
            reader.join(1)  # a grandchild may hold the pipe open
        return code

    def end(self, grace: float = 2.0) -> None:
        """End its whole process group: ask, wait *grace* seconds, then kill."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()


class Children:
    """The processes of one phase."""

    def __init__(self, directory: Path, *, program: bool) -> None:
        """Without *program* there is only the plugin: refresh and destroy do not run the program."""
        self.program = Child("program", directory) if program else None
        self.plugin = Child("plugin", directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._all():
            child.end()

    def _all(self) -> list[Child]:
        return [child for child in (self.program, self.plugin) if child]


def _pump(stream: Any, show: Callable[[str], None]) -> None:
    for line in stream:
        show(line.rstrip())
