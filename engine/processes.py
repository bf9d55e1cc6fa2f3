"""The parent's side of the two child processes: start them, hear what they print, end them for certain."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Self, cast


class Child:
    """A process of this engine, in a process group of its own so that Ctrl-C reaches the engine alone.

    It ends when the engine does, even when that is killed: see engine/child.py.
    """

    def __init__(self, kind: str, argument: str, folder: Path, environment: Mapping[str, str]) -> None:
        unproxied = filter(None, ["127.0.0.1", os.environ.get("no_grpc_proxy") or os.environ.get("no_proxy")])  # noqa: SIM112
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-u", str(Path(__file__).with_name("child.py")), kind, argument],
            cwd=folder,
            env={**os.environ, "no_grpc_proxy": ",".join(unproxied), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
        )
        self._output = cast("IO[str]", self._process.stdout)
        self._reader: threading.Thread | None = None

    def port(self, show: Callable[[str], None]) -> str:
        """The number that the plugin prints when it is ready, or an empty text when it ended instead."""
        for line in self._output:
            if line.strip().isdigit():
                return line.strip()
            show(line.rstrip())
        return ""

    def pass_on(self, show: Callable[[str], None]) -> None:
        """Give every line that it prints from now on to *show*, which is called in a thread."""

        def pump() -> None:
            for line in self._output:
                show(line.rstrip())

        self._reader = threading.Thread(target=pump, daemon=True)
        self._reader.start()

    def wait(self) -> int:
        """Its exit code, after all that it printed has been passed on."""
        code = self._process.wait()
        if self._reader:
            self._reader.join(1)  # a grandchild may hold the pipe open
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End its whole process group: ask, wait two seconds, then kill."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
        if self._process.stdin:
            self._process.stdin.close()
