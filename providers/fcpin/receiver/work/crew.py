"""The work of this machine: who does it, and who wakes them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from fcpin.clock import Clock
from fcpin.receiver.converge.base import Converger
from fcpin.receiver.ledger.base import Ledger
from fcpin.receiver.ledger.model import Job
from fcpin.receiver.settings.model import ReceiverSettings
from fcpin.receiver.work.backoff import Backoff
from fcpin.receiver.work.observer import Observer
from fcpin.receiver.work.outage import Concerned
from fcpin.receiver.work.queue import SWEEP, Queue
from fcpin.receiver.work.wakeups import open_huey
from fcpin.receiver.work.worker import LEASE, Worker


class Crew:
    """Whoever writes a job into the ledger calls `wake`."""

    def __init__(
        self,
        settings: ReceiverSettings,
        ledger: Ledger,
        converger: Converger,
        concerned: Concerned,
        clock: Clock,
        observer: Observer,
        *,
        lease: timedelta = LEASE,
        sweep_every: timedelta = SWEEP,
    ) -> None:
        self._workers, self._ledger, self._clock = settings.workers, ledger, clock
        worker = Worker(
            ledger,
            converger,
            settings.stacks,
            concerned,
            clock,
            wake=self.wake,
            observer=observer,
            backoff=Backoff(attempts=settings.attempts),
            lease=lease,
        )
        self._queue = Queue(open_huey(settings), ledger, clock, worker.run, sweep_every)

    def start(self) -> None:
        """Begin: first with what was left behind."""
        self._queue.start(self._workers)

    def stop(self, seconds: float) -> bool:
        """Begin nothing more. False when something is still under way after *seconds*: it is left to its lease."""
        return self._queue.stop(seconds)

    def wake(self, stack: str, at: datetime) -> None:
        """Have somebody look at *stack* then. Never fails: what is due is found within a minute anyway."""
        self._queue.wake(stack, at)

    def ask(self, stack: str, pins: Sequence[str]) -> Job:
        """Converge *pins* now."""
        job = self._ledger.ask(stack, pins, self._clock.now())
        self.wake(stack, self._clock.now())
        return job
