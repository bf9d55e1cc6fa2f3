"""When stacks are looked at: now and then, a moment after each job, and when a stack's file was changed."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from fcpin.clock import Clock
from fcpin.errors import FcpinError
from fcpin.receiver.ledger.base import Ending
from fcpin.receiver.ledger.model import Job
from fcpin.receiver.work.observer import Unobserved

AFTER_JOB: Final = 2.0
"""Seconds: of a burst over many stacks the jobs go first."""
_LOOK: Final = 1.0
_log = logging.getLogger(__name__)


class Rounds(Unobserved):
    """An observer of the work with a thread of its own. Thread-safe."""

    def __init__(
        self, look: Callable[[str], object], files: Mapping[str, Path | None], every: timedelta, clock: Clock
    ) -> None:
        """*look* at a stack, which may take seconds; *files*: those of the stacks, None where there is none."""
        self._look, self._files, self._every, self._clock = look, files, every.total_seconds(), clock
        self._due = dict.fromkeys(files, clock.monotonic())
        self._seen = {stack: _mark(file) for stack, file in files.items()}
        self._lock, self._stopped, self._called = threading.Lock(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._walk, name="receiver-rounds", daemon=True)

    def start(self) -> None:
        """Begin with every stack."""
        self._thread.start()

    def stop(self, within: float) -> None:
        """Begin nothing more; what is under way is waited for, at most *within* seconds."""
        self._stopped.set()
        self._called.set()
        if self._thread.is_alive():
            self._thread.join(within)

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:  # noqa: ARG002 - however it ended
        """What the job left is looked at a moment later."""
        self.call(job.stack, AFTER_JOB)

    def call(self, stack: str, after: float = 0.0) -> None:
        """Look at *stack* in *after* seconds, or sooner. One that is not among those of the rounds is left alone."""
        with self._lock:
            if stack in self._due:
                self._due[stack] = min(self._due[stack], self._clock.monotonic() + after)
        self._called.set()

    def tick(self) -> None:
        """Look at what is due."""
        for stack, file in self._files.items():
            if self._stopped.is_set():
                return
            mark, now = _mark(file), self._clock.monotonic()
            with self._lock:
                if self._due[stack] > now and self._seen[stack] == mark:
                    continue
                self._seen[stack], self._due[stack] = mark, now + self._every
            self._look_at(stack)

    def _look_at(self, stack: str) -> None:
        try:
            self._look(stack)
        except FcpinError as error:
            _log.warning("the stack %s was not looked at: %s", stack, error)
        except Exception:
            _log.exception("looking at the stack %s failed", stack)

    def _walk(self) -> None:
        while not self._stopped.is_set():
            self._called.clear()
            self.tick()
            self._called.wait(_LOOK)


def _mark(file: Path | None) -> tuple[int, int] | None:
    try:
        status = file.stat() if file else None
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size) if status else None
