"""Wake-ups at their time: "the stack `prod` may have work from 12:00:01 on".

A wake-up that is lost with a process, or comes twice, does no harm: the ledger has the work. Whoever starts, and every
minute from then on, looks there for what is due.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from fcpin.clock import Clock
from fcpin.errors import FcpinError
from fcpin.receiver.ledger.base import Ledger
from fcpin.receiver.work.wakeups import STORE_ERRORS, WakeUpConsumer

SWEEP: Final = timedelta(minutes=1)

Run = Callable[[str], object]
"""Does what is due of a stack."""

_log = logging.getLogger(__name__)


class Queue:
    """Calls *run* for each stack at its time, in threads of this process, once it is started."""

    def __init__(self, huey: Any, ledger: Ledger, clock: Clock, run: Run, sweep_every: timedelta = SWEEP) -> None:
        self._huey, self._ledger, self._clock, self._every = huey, ledger, clock, sweep_every
        self._consumer: WakeUpConsumer | None = None
        self._wake = huey.task(name="wake")(run)
        huey.periodic_task(lambda _: True, name="sweep")(self.sweep)

    def wake(self, stack: str, at: datetime) -> None:
        """Have somebody look at *stack* then, on this machine or another. Never fails: a sweep does the same later."""
        try:
            self._wake.schedule((stack,), eta=at)
        except STORE_ERRORS as error:
            _log.warning("no wake-up for the stack %s, it is found within a minute: %s", stack, error)

    def sweep(self) -> None:
        """Wake what is due before the next sweep: wake-ups may have been lost."""
        now = self._clock.now()
        try:
            waiting = self._ledger.waiting()
        except FcpinError as error:
            _log.warning("cannot look for what is due: %s", error)
            return
        for stack, due in waiting.items():
            if due <= now + self._every:
                self.wake(stack, max(due, now))

    def start(self, workers: int) -> None:
        """Begin, in *workers* threads."""
        self._consumer = WakeUpConsumer(self._huey, workers, self._every)
        self._consumer.start()

    def stop(self, seconds: float) -> bool:
        """Begin nothing more. False when something is still under way after *seconds*: it is left to its lease."""
        consumer, self._consumer = self._consumer, None
        stopped = consumer is None or consumer.stop_within(seconds)
        self._huey.storage.close()
        return stopped
