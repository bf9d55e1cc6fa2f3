"""Long output in a terminal: through `$PAGER`, as git and journalctl do.

click's pager does not start when standard input is a pipe, which is the usual input of `fcpin explain`.
"""

import io
import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final, TextIO

from fcpin.cli.group import interruptible

_DEFAULT: Final = "less -FRX"
_SHOWS_COLOURS: Final = {"LESS": "FRX"}
"""For a `less` without options: quit if the text fits, show colours, leave the screen as it is."""


class _Pipe(io.TextIOWrapper):
    """The pager's standard input, drawn on as on a terminal."""

    def isatty(self) -> bool:
        return True


@contextmanager
def paged(stdout: TextIO, environment: Mapping[str, str] = os.environ) -> Iterator[TextIO]:
    """Yield the pager's input, or *stdout* itself where it is not a terminal or there is no pager.

    Output after the user has left the pager is discarded.
    """
    pager = _start(environment) if stdout.isatty() else None
    if pager is None or pager.stdin is None:
        yield stdout
        return
    pipe = _Pipe(pager.stdin, encoding=stdout.encoding, errors="backslashreplace")
    with interruptible():
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
    """Leave Ctrl-C to the pager while it runs."""
    while pager.returncode is None:
        with suppress(KeyboardInterrupt):
            pager.wait()
