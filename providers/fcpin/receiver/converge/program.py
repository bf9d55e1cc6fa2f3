"""The seam of the engines: one command of one run, carried out by whichever is here."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from fcpin.receiver.converge.base import Progress
from fcpin.receiver.converge.run import Run


class Program(Protocol):
    """An engine, asked as a program."""

    def execute(
        self, run: Run, arguments: Sequence[str], environment: Mapping[str, str], tell: Progress | None = None
    ) -> str:
        """What a command prints; *environment* adds to the engine's own. Raises ConvergenceFailed for any failure."""

    def release(self, run: Run, stack: str) -> None:
        """Remove the lock of `run.left`, where it is certain that it is that one's. Raises Interrupted."""
