"""huey, calm: its store, its JSON, and one line where the store is away, and one when it is back."""

import logging
import sqlite3
import threading
import time
from datetime import timedelta
from typing import Any, Final

import redis
from huey.api import Huey
from huey.consumer import Consumer, Scheduler
from huey.exceptions import HueyException
from huey.storage import RedisStorage, SqliteStorage

from fcpin.receiver.settings.model import ReceiverSettings
from fcpin.receiver.work.serializer import WakeUpSerializer

FILE: Final = "wake-ups.sqlite"
STORE_ERRORS: Final = (sqlite3.Error, redis.RedisError)

_NAME: Final = "fcpin"
_TICK: Final = 0.1
"""Seconds that a wake-up may be late, twice: until it is put into the queue, and until it is taken out."""
_PAUSE: Final = 1.0
"""Seconds, after the store was away."""

_log = logging.getLogger(__name__)


def open_huey(settings: ReceiverSettings) -> Any:
    """The queue beside the ledger: a file in the folder `state`, or the same Redis."""
    if settings.redis:
        return _CalmHuey(RedisStorage, url=settings.redis.value)
    return _CalmHuey(SqliteStorage, filename=str(settings.state / FILE))


class _Absence:
    """Of the store: each thread finds it out, and one tells. Thread-safe."""

    def __init__(self) -> None:
        self._is_on, self._lock = False, threading.Lock()

    def begins(self, error: Exception) -> None:
        if not self._was(True):
            _log.warning("the queue of wake-ups cannot be reached; it is tried again each second: %s", error)

    def ends(self) -> None:
        if self._is_on and self._was(False):
            _log.info("the queue of wake-ups can be reached again")

    def _was(self, is_on: bool) -> bool:
        with self._lock:
            was, self._is_on = self._is_on, is_on
        return was


class _CalmHuey(Huey):  # type: ignore[misc]  # huey has no types
    """What cannot be read is told in one line and left: the ledger knows the work."""

    def __init__(self, storage: type[Any], **where: str) -> None:
        super().__init__(_NAME, results=False, serializer=WakeUpSerializer(), storage_class=storage, **where)
        self.absence = _Absence()

    def dequeue(self) -> Any:
        task = None
        try:
            task = super().dequeue()
        except (HueyException, ValueError) as error:
            _log.warning("something in the queue is no wake-up and is dropped: %s", error)
        except STORE_ERRORS as error:
            self._pause(error)
        else:
            self.absence.ends()
        return task

    def read_schedule(self, timestamp: Any = None) -> list[Any]:
        try:
            return list(super().read_schedule(timestamp))
        except STORE_ERRORS as error:
            self._pause(error)
            return []

    def _deserialize_all(self, messages: list[Any]) -> list[Any]:
        return [task for message in messages if (task := self._read(message))]

    def _read(self, message: Any) -> Any:
        try:
            return self.deserialize_task(message)
        except (HueyException, ValueError) as error:
            _log.warning("something in the schedule is no wake-up and is dropped: %s", error)
            return None

    def is_revoked(self, *_task: Any) -> bool:
        """Nobody takes a wake-up back, so the store need not be asked."""
        return False

    def delete(self, _key: str) -> bool:
        """Nor is there anything to forget of one."""
        return False

    def _pause(self, error: Exception) -> None:
        self.absence.begins(error)
        time.sleep(_PAUSE)


class _CalmScheduler(Scheduler):  # type: ignore[misc]  # huey has no types
    """Looks more often than once a second, and says no more than that the store is away."""

    def __init__(self, huey: _CalmHuey, stop_flag: Any, sweep_every: timedelta) -> None:
        super().__init__(huey, stop_flag, interval=1, periodic=True)
        self.interval, self.periodic_task_seconds = _TICK, sweep_every.total_seconds()

    def enqueue_periodic_tasks(self, now: Any) -> None:
        try:
            for task in self.huey.read_periodic(now):
                self.huey.enqueue(task)
        except STORE_ERRORS as error:  # the next sweep finds what this one would have found
            self.huey.absence.begins(error)


class WakeUpConsumer(Consumer):  # type: ignore[misc]  # huey has no types
    """huey's threads, without its signal handlers, and with a scheduler of our own."""

    def __init__(self, huey: Any, workers: int, sweep_every: timedelta) -> None:
        self._sweep_every = sweep_every
        super().__init__(huey, workers=workers, initial_delay=0.02, max_delay=_TICK, check_worker_health=False)

    def _create_scheduler(self) -> Any:
        return _CalmScheduler(self.huey, self.stop_flag, self._sweep_every)

    def _set_signal_handlers(self) -> None:
        """Signals are the server's."""

    def stop_within(self, seconds: float) -> bool:
        """Whether all threads have ended by then."""
        self.stop_flag.set()
        deadline = time.monotonic() + seconds
        threads = [self.scheduler, *(thread for _, thread in self.worker_threads)]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)
