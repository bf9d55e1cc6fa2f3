"""When stacks are scanned: regularly, a moment after each job, and when a stack's file has changed."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from fcpin.clock import Clock
from fcpin.errors import FcpinError
from fcpin.receiver.job_events import JobEventHandler
from fcpin.receiver.ledger.model import Ending, Job

AFTER_JOB: Final = 2.0
"""Seconds: of a burst over many stacks the jobs go first."""
_POLL: Final = 1.0
"""Seconds between two looks at the clock and the files."""
_log = logging.getLogger(__name__)


class ScanSchedule(JobEventHandler):
    """Has a thread of its own. Thread-safe."""

    def __init__(
        self, scan: Callable[[str], object], files: Mapping[str, Path | None], every: timedelta, clock: Clock
    ) -> None:
        """*scan* a stack, which may take seconds; *files* of the stacks, None where a stack has none."""
        self._scan, self._files, self._every, self._clock = scan, files, every.total_seconds(), clock
        self._due = dict.fromkeys(files, clock.monotonic())
        self._seen = {stack: _mark(file) for stack, file in files.items()}
        self._lock, self._stopped, self._called = threading.Lock(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="receiver-scans", daemon=True)

    def start(self) -> None:
        """Begin with a scan of every stack."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Start no more scans; one that runs is waited for, at most *seconds*."""
        self._stopped.set()
        self._called.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:  # noqa: ARG002 - however it ended
        self.request(job.stack, AFTER_JOB)

    def request(self, stack: str, after: float = 0.0) -> None:
        """Scan *stack* in *after* seconds, or sooner. A stack that is not in the configuration is ignored."""
        with self._lock:
            if stack in self._due:
                self._due[stack] = min(self._due[stack], self._clock.monotonic() + after)
        self._called.set()

    def tick(self) -> None:
        """Scan what is due."""
        for stack, file in self._files.items():
            if self._stopped.is_set():
                return
            mark, now = _mark(file), self._clock.monotonic()
            with self._lock:
                if self._due[stack] > now and self._seen[stack] == mark:
                    continue
                self._seen[stack], self._due[stack] = mark, now + self._every
            self._try_to_scan(stack)

    def _try_to_scan(self, stack: str) -> None:
        try:
            self._scan(stack)
        except FcpinError as error:
            _log.warning("the stack %s was not scanned: %s", stack, error)
        except Exception:
            _log.exception("the scan of the stack %s failed", stack)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._called.clear()
            self.tick()
            self._called.wait(_POLL)


def _mark(file: Path | None) -> tuple[int, int] | None:
    try:
        status = file.stat() if file else None
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size) if status else None
