"""A dead man's switch: when this process ends without a word, however that came about, its pipeline is cancelled.
So it is when the block is broken off, by an interruption: what was to cancel the pipeline may be interrupted as well.

A small process of its own session holds the other end of a pipe. A pipe that closes before anything was said means
that we were killed. What it needs to know goes through that pipe, never through its arguments.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import IO, Final

from fcpin.devs.client import DevsClient
from fcpin.errors import PipelineError
from fcpin.http.credentials import Account, Credentials, Profile

_DONE: Final = b"done\n"
_SECONDS: Final = 10.0
"""Longest that the process may take to end once it was told to."""


@contextmanager
def armed(endpoint: str, account: Account | None, name: str) -> Iterator[None]:
    """While the block runs, the pipeline *name* outlives this process by no more than a moment.

    Raises OSError where no process can be started: nothing has been submitted yet.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    kind = type(account).__name__ if account else ""
    told = {"endpoint": endpoint, "name": name, "kind": kind, "account": asdict(account) if account else {}}
    with process:
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        process.stdin.write(json.dumps(told).encode() + b"\n")
        process.stdin.flush()
        word = b""
        try:
            yield
            word = _DONE
        except Exception:
            word = _DONE
            raise
        finally:
            with suppress(OSError):  # it was killed itself
                process.stdin.write(word)
                process.stdin.close()
            _wait(process)


def _wait(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def watch(told: IO[bytes]) -> None:
    """Wait until the pipe says that all is done, or closes; in that case cancel the pipeline that it named first."""
    order = json.loads(told.readline() or b"null")
    if order is None or told.readline() == _DONE:
        return
    kinds: dict[str, type[Credentials] | type[Profile]] = {"Credentials": Credentials, "Profile": Profile}
    account = kinds[order["kind"]](**order["account"]) if order["kind"] else None
    with suppress(PipelineError):  # it had ended, or was never submitted; there is nobody to tell
        DevsClient(endpoint=order["endpoint"], credentials=account).cancel(order["name"])


if __name__ == "__main__":
    watch(sys.stdin.buffer)
