"""One job from its wake-up to its end: claimed, attempted, and left as done, waiting, to be tried again, or dead."""

import itertools
import logging
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from fcpin.clock import Clock
from fcpin.errors import FcpinError, StackError
from fcpin.receiver.converge.base import Converger
from fcpin.receiver.errors import ConvergenceFailed, Interrupted, LedgerUnavailable, NotAsApproved, StackBusy
from fcpin.receiver.ledger.base import Ending, Ledger
from fcpin.receiver.ledger.model import Job, State
from fcpin.receiver.settings.model import StackSettings
from fcpin.receiver.work.attempt import Attempt, LeaseLost
from fcpin.receiver.work.backoff import Backoff
from fcpin.receiver.work.heartbeat import Heartbeat
from fcpin.receiver.work.observer import Observer, Unobserved
from fcpin.receiver.work.outage import Concerned

LEASE: Final = timedelta(seconds=30)
"""A stack whose worker was killed is taken over so much later."""
_BUSY_FOR: Final = timedelta(seconds=5)
_BUSY_AT_MOST: Final = timedelta(minutes=15)
"""From then on it counts as a failure: whoever holds the stack has left its lock behind, or hangs."""

Wake = Callable[[str, datetime], None]
Told = TypeVar("Told")

_log = logging.getLogger(__name__)


@dataclass
class Worker:
    """Thread-safe: the ledger sees to it that a stack is worked on once at a time."""

    ledger: Ledger
    converger: Converger
    stacks: Mapping[str, StackSettings]
    concerned: Concerned
    clock: Clock
    wake: Wake
    observer: Observer = field(default_factory=Unobserved)
    backoff: Backoff = field(default_factory=Backoff)
    lease: timedelta = LEASE
    name: str = field(default_factory=lambda: f"{platform.node()}:{os.getpid()}")
    _number: "itertools.count[int]" = field(default_factory=itertools.count, repr=False)

    def run(self, stack: str) -> None:
        """Do what is due of *stack*, if anything is, and have it woken for what is left."""
        try:
            job = self.ledger.claim(stack, f"{self.name}:{next(self._number)}", self.clock.now(), self.lease)
            if job is None:
                self._wake_for_what_is_left(stack)
                return
        except LedgerUnavailable as error:
            _log.warning("the stack %s is left for later: %s", stack, error)
            return
        self._carry_out(job)

    def _carry_out(self, job: Job) -> None:
        began = self.clock.monotonic()
        with Heartbeat(self.ledger, job, self.clock, self.lease) as heartbeat:
            self._tell(self.observer.began, job)
            attempt = self._attempt(job, heartbeat)
            try:
                ending = self._ending(job, attempt)
                left = self._finish(job, ending, attempt)
            except LeaseLost:
                _log.warning("job %s of the stack %s was taken over by another worker", job.id, job.stack)
                return
        for transition in attempt.transitions:
            self._tell(self.observer.deployed, transition)
        for proposal in attempt.proposed:
            self._tell(self.observer.proposed, proposal)
        self._tell(lambda end: self.observer.ended(job, end, self.clock.monotonic() - began), ending)
        if left and left.due:
            self.wake(job.stack, max(left.due, self.clock.now()))

    def _attempt(self, job: Job, heartbeat: Heartbeat) -> Attempt:
        settings = self.stacks.get(job.stack) or StackSettings()
        return Attempt(job, settings, self.ledger, self.converger, self.concerned, self.clock, lambda: heartbeat.lost)

    def _ending(self, job: Job, attempt: Attempt) -> Ending:
        """How the attempt ended, whatever it ran into. Raises LeaseLost."""
        if job.stack not in self.stacks:
            return Ending(State.DEAD, f"the configuration has no stack {job.stack}; add it, or ignore this job")
        if job.attempts > self.backoff.attempts:
            return Ending(
                State.DEAD, f"begun {job.attempts - 1} times, and the last worker died; see the receiver's log"
            )
        try:
            return attempt()
        except LeaseLost:
            raise
        except (Interrupted, NotAsApproved) as error:
            return Ending(State.WAITING, str(error), self.clock.now())
        except StackBusy as error:
            return self._busy(job, str(error))
        except (ConvergenceFailed, StackError) as error:
            return self._again(job, str(error))
        except FcpinError as error:
            return self._again(job, str(error)) if error.temporary else Ending(State.DEAD, str(error))
        except Exception as error:
            _log.exception("job %s of the stack %s", job.id, job.stack)
            return self._again(job, f"unexpected {type(error).__name__}: {error}; the log has the traceback")

    def _busy(self, job: Job, reason: str) -> Ending:
        now = self.clock.now()
        if now - (job.busy or now) < _BUSY_AT_MOST:
            return Ending(State.WAITING, reason, now + _BUSY_FOR, busy=True)
        return replace(self._again(job, reason), busy=True)

    def _again(self, job: Job, reason: str) -> Ending:
        wait = self.backoff.wait(job.attempts)
        if wait is None:
            return Ending(State.DEAD, reason)
        return Ending(State.WAITING, reason, self.clock.now() + wait, failed=True)

    def _finish(self, job: Job, ending: Ending, attempt: Attempt) -> Job | None:
        """Try for as long as a lease: what was deployed is to be known. Raises LeaseLost."""
        until = self.clock.now() + self.lease
        while True:
            try:
                return self.ledger.finish(job, ending, self.clock.now(), attempt.transitions)
            except LedgerUnavailable as error:
                if self.clock.now() >= until:
                    _log.error("the end of job %s is not kept, another worker looks at it again: %s", job.id, error)
                    raise LeaseLost from error
                self.clock.sleep(1)

    def _wake_for_what_is_left(self, stack: str) -> None:
        """A burst went on and moved the job's time. What runs elsewhere is woken for by whoever ends it."""
        jobs: Sequence[Job] = self.ledger.jobs(stack=stack, limit=2)
        waiting = next((job for job in jobs if job.state is State.WAITING), None)
        if waiting and waiting.due and not any(job.state is State.RUNNING for job in jobs):
            self.wake(stack, max(waiting.due, self.clock.now()))

    def _tell(self, hear: Callable[[Told], None], what: Told) -> None:
        try:
            hear(what)
        except Exception:
            _log.exception("an observer of the work failed")
