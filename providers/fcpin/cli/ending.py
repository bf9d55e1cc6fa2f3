"""How a command ends when it is interrupted: at once with one line, or after it has removed what it made."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

INTERRUPTED: Final = 130
"""The exit status, as of any program that SIGINT ended."""


def end_at_once() -> None:
    """From now on SIGINT ends this process with one line, whatever its threads are waiting for.

    A process that ignores SIGINT keeps ignoring it, as one in the background of a shell without job control does.
    """

    def leave(_signal: int, _frame: object) -> NoReturn:
        os.write(2, b"\nfcpin: interrupted\n")
        os._exit(INTERRUPTED)

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, leave)


@contextmanager
def ending_in_order() -> Iterator[None]:
    """SIGINT and SIGTERM raise KeyboardInterrupt here, so that the block can remove what it made."""

    def interrupt(_signal: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    numbers = [one for one in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
