"""A small process that acts when this one ends, in any way: normally, interrupted, or by `kill -9`.

It runs in a session of its own and reads a pipe: one line of JSON with its orders, then one word for how the block
ended. A pipe that closes without a word means that this process was killed. Orders never go through arguments, because
they may contain secrets.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import IO, Any, Final

_LONGEST_ORDERS: Final = 2**20


class Ending(StrEnum):
    """How a block ended that a watchdog waited for."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """By a signal, such as Ctrl-C."""
    KILLED = ""


@contextmanager
def watchdog(module: str, orders: Mapping[str, Any], *, patience: float | None = None) -> Iterator[None]:
    """Run `python -m module` while the block runs, and until it has done its work.

    *patience*: seconds after which it is killed, counted from the end of the block; None waits without a limit.
    Raises OSError, before the block, if no process can be started.
    """
    with subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        ending = Ending.INTERRUPTED
        try:
            process.stdin.write(json.dumps(orders).encode() + b"\n")
            process.stdin.flush()
            yield
            ending = Ending.DONE
        except Exception:
            ending = Ending.FAILED
            raise
        finally:
            with suppress(OSError):  # the watchdog itself was killed
                process.stdin.write(ending.encode() + b"\n")
                process.stdin.close()
            _wait(process, patience)


def _wait(process: "subprocess.Popen[bytes]", patience: float | None) -> None:
    """Explicit, because the end of a `with Popen` waits a quarter of a second only after an interruption."""
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()


def await_orders(stream: IO[bytes]) -> Any:
    """In the watchdog: return its orders; None if there are none, because the parent was killed before."""
    line = stream.readline(_LONGEST_ORDERS)
    return json.loads(line) if line.endswith(b"\n") else None


def await_ending(stream: IO[bytes]) -> Ending:
    """In the watchdog: wait for the end of the block."""
    word = stream.readline().strip().decode()
    return Ending(word) if word in set(Ending) else Ending.KILLED
