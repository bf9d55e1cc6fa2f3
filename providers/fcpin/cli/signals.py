"""Interrupts: a command exits at once with one line, or after it has removed what it created."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

INTERRUPTED: Final = 130
"""The exit status of a program that SIGINT ended."""


def exit_at_once() -> None:
    """Let SIGINT end this process with one line, whatever its threads wait for.

    A process that ignores SIGINT continues to do so, as in the background of a shell without job control.
    """

    def leave(_signal: int, _frame: object) -> NoReturn:
        os.write(2, b"\nfcpin: interrupted\n")
        os._exit(INTERRUPTED)

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, leave)


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into KeyboardInterrupt, so that the block can remove what it created."""

    def interrupt(_signal: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    numbers = [one for one in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
