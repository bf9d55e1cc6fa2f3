"""Long output in a terminal: through `$PAGER`, as git and journalctl do."""

import io
import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final, TextIO

from fcpin.cli.ending import ending_in_order

_DEFAULT: Final = "less -FRX"
_SHOWS_COLOURS: Final = {"LESS": "FRX"}
"""For a `less` of the user's without options: quit if it fits, show colours, leave the screen as it is."""


class _Pipe(io.TextIOWrapper):
    """The pager's standard input. What is drawn for it is drawn for a terminal."""

    def isatty(self) -> bool:
        return True


@contextmanager
def paged(stdout: TextIO, environment: Mapping[str, str] = os.environ) -> Iterator[TextIO]:
    """Where to write: the pager in front of *stdout*, or *stdout* itself where it is no terminal or there is no pager.

    A user who leaves the pager early has seen enough: what is written then goes nowhere.
    """
    pager = _start(environment) if stdout.isatty() else None
    if pager is None or pager.stdin is None:
        yield stdout
        return
    pipe = _Pipe(pager.stdin, encoding=stdout.encoding, errors="backslashreplace")
    with ending_in_order():
        try:
            with suppress(BrokenPipeError), pipe:
                yield pipe
        finally:
            _wait(pager)


def _start(environment: Mapping[str, str]) -> "subprocess.Popen[bytes] | None":
    try:
        command = shlex.split(environment.get("PAGER", _DEFAULT))
        return (
            subprocess.Popen(command, stdin=subprocess.PIPE, env={**_SHOWS_COLOURS, **environment}) if command else None
        )
    except (OSError, ValueError):
        return None


def _wait(pager: "subprocess.Popen[bytes]") -> None:
    """Ctrl-C is for the pager while it runs."""
    while pager.returncode is None:
        with suppress(KeyboardInterrupt):
            pager.wait()
