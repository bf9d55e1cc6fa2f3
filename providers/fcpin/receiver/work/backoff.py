"""How long to wait before a failed job is tried again: twice as long each time, and never all at once."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Backoff:
    """Between half and the whole of `first`, twice that, four times that, up to `longest`."""

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=10)
    attempts: int = 6
    """After so many the job is given up."""
    chance: Callable[[], float] = random.random
    """From 0 up to 1."""

    def wait(self, attempts: int) -> timedelta | None:
        """After *attempts* that failed; None when that was the last one."""
        if attempts >= self.attempts:
            return None
        doubled: int = 2 ** min(attempts - 1, 20)
        whole = min(self.first * doubled, self.longest)
        return whole * (0.5 + self.chance() / 2)
