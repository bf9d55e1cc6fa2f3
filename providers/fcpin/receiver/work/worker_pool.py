"""The workers of this process: they run what is due in the ledger, at its time."""

import logging
import threading
from collections.abc import Sequence
from datetime import timedelta
from queue import SimpleQueue
from typing import Final

from fcpin.clock import Clock
from fcpin.receiver.converge.converger import Converger
from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.job_events import JobEventHandler
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Job
from fcpin.receiver.pin_index import PinIndex
from fcpin.receiver.settings.model import ReceiverSettings
from fcpin.receiver.work.worker import LEASE, Backoff, Worker

POLL: Final = timedelta(seconds=1)
"""Jobs that other processes create are found so much later; those of this process at once, by `wake`."""

_log = logging.getLogger(__name__)


class WorkerPool:
    """One thread looks for stacks that are due, `settings.workers` threads run them."""

    def __init__(
        self,
        settings: ReceiverSettings,
        ledger: Ledger,
        converger: Converger,
        index: PinIndex,
        clock: Clock,
        handlers: Sequence[JobEventHandler] = (),
        *,
        lease: timedelta = LEASE,
        poll: timedelta = POLL,
    ) -> None:
        self._ledger, self._clock, self._poll = ledger, clock, poll.total_seconds()
        backoff = Backoff(attempts=settings.attempts)
        self._worker = Worker(ledger, converger, index, settings.stacks, clock, backoff, handlers=handlers, lease=lease)
        self._due: SimpleQueue[str | None] = SimpleQueue()
        self._taken: set[str] = set()
        """Stacks in the queue or with a worker."""
        self._lock, self._woken, self._stopped = threading.Lock(), threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=self._watch, name="receiver-due", daemon=True)]
        self._threads += [
            threading.Thread(target=self._work, name=f"receiver-worker-{number}", daemon=True)
            for number in range(settings.workers)
        ]

    def start(self) -> None:
        """Begin with the jobs that an earlier process left."""
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> bool:
        """Start no more jobs. False when one still runs after *seconds*; it is taken over when its lease ends."""
        self._stopped.set()
        self._woken.set()
        for _ in self._threads[1:]:
            self._due.put(None)
        deadline = self._clock.monotonic() + seconds
        started = [thread for thread in self._threads if thread.ident is not None]
        for thread in started:
            thread.join(max(0.0, deadline - self._clock.monotonic()))
        return not any(thread.is_alive() for thread in started)

    def wake(self) -> None:
        """Look now: a job was written, or its time has changed."""
        self._woken.set()

    def request(self, stack: str, pins: Sequence[str]) -> Job:
        """Converge *pins* now."""
        job = self._ledger.request(stack, pins, self._clock.now())
        self.wake()
        return job

    def look(self) -> float:
        """Queue the stacks that are due; returns the seconds until the next look."""
        now, pause = self._clock.now(), self._poll
        for stack, due in sorted(self._ledger.due_times().items(), key=lambda item: item[1]):
            with self._lock:
                if stack in self._taken:
                    continue
                if due <= now:
                    self._taken.add(stack)
                    self._due.put(stack)
                else:
                    pause = min(pause, (due - now).total_seconds())
        return pause

    def _watch(self) -> None:
        was_available = True
        while not self._stopped.is_set():
            self._woken.clear()
            try:
                pause, is_available = self.look(), True
            except LedgerUnavailable as error:
                pause, is_available = self._poll, False
                if was_available:
                    _log.warning("the ledger cannot be reached; it is retried every %g s: %s", pause, error)
            except Exception:
                pause, is_available = self._poll, was_available
                _log.exception("a defect of the worker pool")
            if is_available and not was_available:
                _log.info("the ledger can be reached again")
            was_available = is_available
            self._woken.wait(pause)

    def _work(self) -> None:
        while (stack := self._due.get()) is not None:
            if self._stopped.is_set():
                return
            try:
                self._worker.run(stack)
            except LedgerUnavailable as error:
                _log.warning("the stack %s waits until the ledger can be reached: %s", stack, error)
                self._clock.sleep(self._poll)
            except Exception:
                _log.exception("the stack %s: a defect of the worker", stack)
                self._clock.sleep(self._poll)
            finally:
                with self._lock:
                    self._taken.discard(stack)
                self.wake()
