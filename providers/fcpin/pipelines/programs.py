"""Run programs to their end: lines as they come, one deadline, and none outlives this process.

A small process in a session of its own runs each program. When the pipe from here closes, for any reason, it ends the
program and everything that the program has started. Run as a script this is that process.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from fcpin.clock import Clock
from fcpin.errors import BuildFailed, BuildTimedOut
from fcpin.pipelines.builder import Progress

_POLL: Final = 0.05
"""Seconds between two looks at the output."""
_GRACE: Final = 2.0
"""Seconds from SIGTERM to SIGKILL."""
_NOT_FOUND: Final = 127


class Programs:
    """Runs programs one after the other within one deadline."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        """The sleep of *clock* may raise, to interrupt a program."""
        self._clock, self._seconds = clock, seconds
        self._until = clock.monotonic() + seconds

    def run(self, command: Sequence[str], progress: Progress | None = None) -> str:
        """Return the output, standard error included; report each line when it comes.

        Raises BuildFailed with the last line, or BuildTimedOut; nothing of the program is running then.
        """
        output: list[str] = []
        with subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        ) as process:
            reader = threading.Thread(target=_read, args=(process.stdout, output), daemon=True)
            reader.start()
            try:
                self._follow(command, reader, output, progress)
            finally:
                assert process.stdin is not None  # noqa: S101 - it is a pipe
                process.stdin.close()
                process.wait()
                reader.join(_GRACE)
        lines = [line.strip() for line in output if line.strip()]
        if process.returncode == _NOT_FOUND and not lines:
            raise BuildFailed(f"{command[0]} cannot be started; install it, on Debian: apt-get install {command[0]}")
        if process.returncode:
            raise BuildFailed(f"{command[0]}: {lines[-1] if lines else f'exit {process.returncode}'}")
        return "".join(output)

    def _follow(
        self, command: Sequence[str], reader: threading.Thread, output: list[str], progress: Progress | None
    ) -> None:
        """Return at the end of the output."""
        reported, is_over = 0, False
        while not is_over:
            is_over = not reader.is_alive()
            lines = output[reported:]
            reported += len(lines)
            for line in filter(None, map(str.strip, lines)):
                if progress:
                    progress(line)
            if not is_over and self._clock.monotonic() >= self._until:
                raise BuildTimedOut(
                    f"{command[0]} {command[1]} did not end within {self._seconds:g} s in all and was stopped; "
                    "raise `deadline`"
                )
            if not is_over:
                self._clock.sleep(_POLL)


def _read(stream: Iterable[str], output: list[str]) -> None:
    """Read every line, until the stream ends or an interruption closes it."""
    with suppress(ValueError):
        output.extend(stream)


def main(command: Sequence[str]) -> int:
    """Run *command* until it ends or standard input closes; return its exit status."""
    try:
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
    except OSError:
        return _NOT_FOUND

    def end_with_the_pipe() -> None:
        os.read(0, 1)
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            program.wait(_GRACE)
        program.kill()

    threading.Thread(target=end_with_the_pipe, daemon=True).start()
    code = program.wait()
    with suppress(ProcessLookupError):  # processes that the program left behind
        os.killpg(program.pid, signal.SIGKILL)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
