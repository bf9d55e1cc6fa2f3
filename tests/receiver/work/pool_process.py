"""Worker pools in processes of their own, to be killed: they deploy to a folder, slowly enough to be caught at it.

One process has everything imported and forks a pool for each line that it reads; it answers with the pid.

folder/wanted/STACK    the number of the image that the stack is to run
folder/deployed/STACK  the numbers of those that were deployed to it, one a line
"""

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from fcpin.clock import SystemClock
from fcpin.image import Digest
from fcpin.receiver.converge.engine_run import Progress
from fcpin.receiver.ledger.ledger import open_ledger
from fcpin.receiver.ledger.model import PinChange
from fcpin.receiver.pin_index import PinIndex
from fcpin.receiver.settings.model import ReceiverSettings, StackSettings
from fcpin.receiver.settings.secrets import Secret
from fcpin.receiver.work.worker_pool import WorkerPool
from fcpin.stack.stack import StackPin
from tests.receiver.pins import pin

STACKS = [f"stack-{number}" for number in range(6)]
LEASE = timedelta(seconds=1)
_TAKES = 0.05
"""Seconds of a deployment."""


def settings_of(folder: Path, redis: str) -> ReceiverSettings:
    return ReceiverSettings(
        stacks={name: StackSettings() for name in STACKS},
        senders={},
        state=folder / "state",
        redis=Secret("env:REDIS", redis) if redis else None,
        workers=3,
        attempts=100,
    )


class FolderConverger:
    """`receiver.converge.converger.Converger`. Two at once on one stack would deploy the same image twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deployed(self, stack: str) -> list[int]:
        path = self._folder / "deployed" / stack
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def pins(self, stack: str) -> Sequence[StackPin]:
        number = (self.deployed(stack) or [0])[-1]
        return [pin("api", "r.example.com/shop/app", tag="main-1", digest=Digest(f"sha256:{number:064x}"))]

    def preview(self, stack: str, pins: Sequence[StackPin]) -> Sequence[PinChange]:
        raise NotImplementedError

    def up(
        self,
        stack: str,
        pins: Sequence[StackPin],
        progress: Progress,
        *,
        approved: Mapping[str, PinChange] | None = None,
    ) -> None:
        wanted = int((self._folder / "wanted" / stack).read_text())
        if wanted == (self.deployed(stack) or [0])[-1]:
            return
        progress(f"deploying {wanted}")
        time.sleep(_TAKES)
        with (self._folder / "deployed" / stack).open("ab", buffering=0) as file:
            file.write(f"{wanted}\n".encode())
        time.sleep(_TAKES)


def work(folder: Path, redis: str) -> None:
    """Until the parent process is gone."""
    settings, parent = settings_of(folder, redis), os.getppid()
    converger = FolderConverger(folder)
    pool = WorkerPool(
        settings,
        open_ledger(settings),
        converger,
        PinIndex(STACKS, converger.pins, {}),
        SystemClock(),
        lease=LEASE,
        poll=timedelta(seconds=0.1),
    )
    pool.start()
    while os.getppid() == parent:
        time.sleep(0.2)


def main(folder: Path, redis: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in iter(sys.stdin.readline, ""):
        pid = os.fork()
        if pid == 0:
            work(folder, redis)
            os._exit(0)
        os.write(sys.stdout.fileno(), f"{pid}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
