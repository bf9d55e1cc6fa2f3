"""Cancel a pipeline if this process ends before it does. Run as a script this is the watchdog that cancels it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import IO, Final

from fcpin.errors import PipelineError
from fcpin.http.credentials import Account, Credentials, Profile
from fcpin.pipelines.devs import DevsClient
from fcpin.pipelines.watchdog import Ending, await_ending, await_orders, watchdog

_PATIENCE: Final = 10.0
"""Seconds that the watchdog may take to end after the block."""


@contextmanager
def cancel_on_exit(endpoint: str, account: Account | None, name: str) -> Iterator[None]:
    """Cancel the pipeline *name* when the block is interrupted, or this process is killed in it.

    An error of the block cancels nothing: it may mean that the pipeline is another user's.
    Raises OSError, before the block, if no process can be started.
    """
    orders = {
        "endpoint": endpoint,
        "name": name,
        "kind": type(account).__name__ if account else "",
        "account": asdict(account) if account else {},
    }
    with watchdog(__name__, orders, patience=_PATIENCE):
        yield


def watch(stream: IO[bytes]) -> None:
    """Wait for the end of the block, and cancel the pipeline unless it ended by itself."""
    orders = await_orders(stream)
    if orders is None or await_ending(stream) in (Ending.DONE, Ending.FAILED):
        return
    kinds: dict[str, type[Credentials] | type[Profile]] = {"Credentials": Credentials, "Profile": Profile}
    account = kinds[orders["kind"]](**orders["account"]) if orders["kind"] else None
    with suppress(PipelineError):  # it has ended, or was never submitted; there is no one to report to
        DevsClient(endpoint=orders["endpoint"], credentials=account).cancel(orders["name"])


if __name__ == "__main__":
    watch(sys.stdin.buffer)
