"""One job: claimed, attempted, and left as succeeded, pending, waiting for approval, or failed."""

import itertools
import logging
import os
import platform
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import TracebackType
from typing import Final, Self

from fcpin.clock import Clock
from fcpin.errors import FcpinError, StackError
from fcpin.receiver.converge.converger import Converger
from fcpin.receiver.errors import ConvergenceFailed, Interrupted, LedgerUnavailable, NotAsApproved, StackBusy
from fcpin.receiver.job_events import JobEventHandler, JobEventHandlers
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Ending, Job, JobState
from fcpin.receiver.pin_index import PinIndex
from fcpin.receiver.settings.model import StackSettings
from fcpin.receiver.work.attempt import Attempt, LeaseLost

LEASE: Final = timedelta(seconds=30)
"""A stack whose worker was killed is taken over so much later."""
_BUSY_RETRY: Final = timedelta(seconds=5)
_MAX_BUSY: Final = timedelta(minutes=15)
"""A stack that is busy for longer counts as a failure: its lock was left behind, or the other run hangs."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Between half and the whole of *first* before the first retry, twice that before the next, up to *longest*."""

    attempts: int
    """In all."""
    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=10)
    chance: Callable[[], float] = random.random
    """From 0 up to 1."""

    def wait(self, attempts: int) -> timedelta | None:
        """After *attempts* that failed; None when that was the last one."""
        if attempts >= self.attempts:
            return None
        doubled: int = 2 ** min(attempts - 1, 20)
        whole = min(self.first * doubled, self.longest)
        return whole * (0.5 + self.chance() / 2)


class Heartbeat:
    """Renews the lease three times within its length, in a thread of its own, while the `with` block lasts."""

    def __init__(self, ledger: Ledger, job: Job, clock: Clock, lease: timedelta) -> None:
        self._ledger, self._job, self._clock, self._lease = ledger, job, clock, lease
        self._over, self.lost = threading.Event(), threading.Event()
        """*lost* is set when another worker has the job."""
        self._thread = threading.Thread(target=self._beat, name=f"lease of {job.stack}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(self._lease.total_seconds() / 3):
            try:
                if not self._ledger.renew(self._job, self._clock.now(), self._lease):
                    self.lost.set()
                    return
            except LedgerUnavailable as error:
                _log.warning("the lease of job %s is not renewed: %s", self._job.id, error)


@dataclass
class Worker:
    """Thread-safe: the ledger lets one worker at a time have a stack."""

    ledger: Ledger
    converger: Converger
    index: PinIndex
    stacks: Mapping[str, StackSettings]
    clock: Clock
    backoff: Backoff
    handlers: Sequence[JobEventHandler] = ()
    lease: timedelta = LEASE
    name: str = field(default_factory=lambda: f"{platform.node()}:{os.getpid()}")
    _number: "itertools.count[int]" = field(default_factory=itertools.count, repr=False)

    def run(self, stack: str) -> None:
        """Do what is due of *stack*, if anything is. Raises LedgerUnavailable when no job could be claimed."""
        job = self.ledger.claim(stack, f"{self.name}:{next(self._number)}", self.clock.now(), self.lease)
        if job is not None:
            self._carry_out(job)

    def _carry_out(self, job: Job) -> None:
        events, started = JobEventHandlers(self.handlers), self.clock.monotonic()
        with Heartbeat(self.ledger, job, self.clock, self.lease) as heartbeat:
            events.started(job)
            attempt = self._attempt(job, heartbeat)
            try:
                ending = self._ending(job, attempt)
                self._finish(job, ending, attempt)
            except LeaseLost:
                _log.warning("job %s of the stack %s was taken over by another worker", job.id, job.stack)
                return
        for deployment in attempt.deployments:
            events.deployed(deployment)
        for proposal in attempt.proposed:
            events.proposed(proposal)
        events.ended(job, ending, self.clock.monotonic() - started)

    def _attempt(self, job: Job, heartbeat: Heartbeat) -> Attempt:
        settings = self.stacks.get(job.stack) or StackSettings()
        return Attempt(job, settings, self.ledger, self.converger, self.index, self.clock, heartbeat.lost.is_set)

    def _ending(self, job: Job, attempt: Attempt) -> Ending:
        """How the attempt ended, whatever it raised. Raises LeaseLost."""
        if job.stack not in self.stacks:
            return Ending(JobState.FAILED, f"the configuration has no stack {job.stack}; add it, or ignore this job")
        if job.attempts > self.backoff.attempts:
            reason = f"gave up after {job.attempts - 1} attempts: the worker process died; see the receiver's log"
            return Ending(JobState.FAILED, reason)
        try:
            return attempt()
        except LeaseLost:
            raise
        except (Interrupted, NotAsApproved) as error:
            return Ending(JobState.PENDING, str(error), self.clock.now())
        except StackBusy as error:
            return self._busy(job, str(error))
        except (ConvergenceFailed, StackError) as error:
            return self._retry(job, str(error))
        except FcpinError as error:
            return self._retry(job, str(error)) if error.temporary else Ending(JobState.FAILED, str(error))
        except Exception as error:
            _log.exception("job %s of the stack %s", job.id, job.stack)
            return self._retry(job, f"unexpected {type(error).__name__}: {error}; the log has the traceback")

    def _busy(self, job: Job, reason: str) -> Ending:
        now = self.clock.now()
        if now - (job.busy_since or now) < _MAX_BUSY:
            return Ending(JobState.PENDING, reason, now + _BUSY_RETRY, busy=True)
        return replace(self._retry(job, reason), busy=True)

    def _retry(self, job: Job, reason: str) -> Ending:
        wait = self.backoff.wait(job.attempts)
        if wait is None:
            return Ending(JobState.FAILED, reason)
        return Ending(JobState.PENDING, reason, self.clock.now() + wait, is_retry=True)

    def _finish(self, job: Job, ending: Ending, attempt: Attempt) -> None:
        """Retry for as long as a lease, so that what was deployed is recorded. Raises LeaseLost."""
        until = self.clock.now() + self.lease
        while True:
            try:
                if not self.ledger.finish(job, ending, self.clock.now(), attempt.deployments):
                    raise LeaseLost
            except LedgerUnavailable as error:
                if self.clock.now() >= until:
                    _log.error("the end of job %s is not stored, another worker runs it again: %s", job.id, error)
                    raise LeaseLost from error
                self.clock.sleep(1)
            else:
                return
