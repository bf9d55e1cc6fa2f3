"""A program that is run to its end: its lines as they come, a deadline, and no longer life than this process has.

A small process of its own session stands in between. It ends the program, with all that the program has started, when
the pipe from here closes, however that came about. Run as a script this is that process.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from fcpin.build.builder import Progress
from fcpin.clock import Clock
from fcpin.errors import BuildFailed, BuildTimedOut

_LOOK: Final = 0.05
"""Seconds between two looks at what the program has said."""
_GRACE: Final = 2.0
"""Seconds from being asked to end to being killed."""
_MISSING: Final = 127


class Programs:
    """Runs programs one after the other, all of them within one deadline."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        """The sleep of *clock* may raise, to break a program off."""
        self._clock, self._seconds = clock, seconds
        self._until = clock.monotonic() + seconds

    def run(self, command: Sequence[str], tell: Progress | None = None) -> str:
        """What it said, standard error included; each line is told when it comes.

        Raises BuildFailed with its last line, BuildTimedOut; then nothing of it is running any more.
        """
        said: list[str] = []
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
            reader = threading.Thread(target=_read, args=(process.stdout, said), daemon=True)
            reader.start()
            try:
                self._follow(command, reader, said, tell)
            finally:
                assert process.stdin is not None  # noqa: S101 - it is a pipe
                process.stdin.close()
                process.wait()
                reader.join(_GRACE)
        lines = [line.strip() for line in said if line.strip()]
        if process.returncode == _MISSING and not lines:
            raise BuildFailed(
                f"{command[0]} cannot be started: is it installed? On Debian: apt-get install {command[0]}"
            )
        if process.returncode:
            raise BuildFailed(f"{command[0]}: {lines[-1] if lines else f'exit {process.returncode}'}")
        return "".join(said)

    def _follow(self, command: Sequence[str], reader: threading.Thread, said: list[str], tell: Progress | None) -> None:
        """Return when it has said everything."""
        told, is_over = 0, False
        while not is_over:
            is_over = not reader.is_alive()
            lines = said[told:]
            told += len(lines)
            for line in filter(None, map(str.strip, lines)):
                if tell:
                    tell(line)
            if not is_over and self._clock.monotonic() >= self._until:
                raise BuildTimedOut(
                    f"{command[0]} {command[1]} was not done after {self._seconds:g} s in all, and was ended; "
                    "set a greater deadline"
                )
            if not is_over:
                self._clock.sleep(_LOOK)


def _read(stream: Iterable[str], said: list[str]) -> None:
    """Every line, until the stream ends, or is closed under us by an interruption."""
    with suppress(ValueError):
        said.extend(stream)


def main(command: Sequence[str]) -> int:
    """The exit code of *command*, which ends when our standard input does."""
    try:
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
    except OSError:
        return _MISSING

    def end_with_the_pipe() -> None:
        os.read(0, 1)
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            program.wait(_GRACE)
        program.kill()

    threading.Thread(target=end_with_the_pipe, daemon=True).start()
    code = program.wait()
    with suppress(ProcessLookupError):  # what it has left behind
        os.killpg(program.pid, signal.SIGKILL)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
