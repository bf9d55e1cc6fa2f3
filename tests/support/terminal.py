"""A command at a terminal of its own, answered like a person would."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class Terminal:
    """Runs a command on a pseudo-terminal; a context manager that leaves no process behind."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self.screen = ""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(timeout=10)
        os.close(self._ours)

    def wait_for(self, text: str, seconds: float = 60) -> None:
        """Read until *text* is on the screen."""
        deadline = time.monotonic() + seconds
        while text not in self.screen:
            assert time.monotonic() < deadline, f"no {text!r} after {seconds} s on:\n{self.screen}"
            assert self._read(0.1) or self._process.poll() is None, f"ended without {text!r}:\n{self.screen}"

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def end(self, seconds: float = 60) -> int:
        """Read to the end; gives the exit code."""
        deadline = time.monotonic() + seconds
        while self._process.poll() is None:
            assert time.monotonic() < deadline, f"still running after {seconds} s:\n{self.screen}"
            self._read(0.1)
        while self._read(0):
            pass
        return self._process.returncode

    def _read(self, seconds: float) -> bool:
        if not select.select([self._ours], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # Linux, when the other end is closed
            return False
        self.screen += data.decode(errors="replace")
        return bool(data)
