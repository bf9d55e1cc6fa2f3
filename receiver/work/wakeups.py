"""huey, calm: its store, its JSON, and one line where the store is away, which ends by itself."""

import logging
import sqlite3
import time
from datetime import timedelta
from typing import Any, Final

import redis
from huey.api import Huey
from huey.consumer import Consumer, Scheduler
from huey.exceptions import HueyException
from huey.storage import RedisStorage, SqliteStorage

from receiver.settings.model import ReceiverSettings
from receiver.work.serializer import WakeUpSerializer

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


class _CalmHuey(Huey):  # type: ignore[misc]  # huey has no types
    """What cannot be read is told in one line and left: the ledger knows the work."""

    def __init__(self, storage: type[Any], **where: str) -> None:
        super().__init__(_NAME, results=False, serializer=WakeUpSerializer(), storage_class=storage, **where)

    def dequeue(self) -> Any:
        try:
            return super().dequeue()
        except (HueyException, ValueError) as error:
            _log.warning("something in the queue is no wake-up and is dropped: %s", error)
        except STORE_ERRORS as error:
            self._pause(error)
        return None

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
        _log.warning("the queue of wake-ups cannot be read: %s", error)
        time.sleep(_PAUSE)


class WakeUpConsumer(Consumer):  # type: ignore[misc]  # huey has no types
    """huey's threads, without its signal handlers, and with a scheduler that looks more often than once a second."""

    def __init__(self, huey: Any, workers: int, sweep_every: timedelta) -> None:
        self._sweep_every = sweep_every
        super().__init__(huey, workers=workers, initial_delay=0.02, max_delay=_TICK, check_worker_health=False)

    def _create_scheduler(self) -> Any:
        scheduler = Scheduler(self.huey, self.stop_flag, interval=1, periodic=True)
        scheduler.interval, scheduler.periodic_task_seconds = _TICK, self._sweep_every.total_seconds()
        return scheduler

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
