"""Keeps a job while it is being worked on, and tells when it is no longer ours."""

import logging
import threading
from datetime import timedelta
from types import TracebackType
from typing import Self

from fcpin.clock import Clock
from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.ledger.base import Ledger
from fcpin.receiver.ledger.model import Job

_log = logging.getLogger(__name__)


class Heartbeat:
    """Renews the lease three times within its length, in a thread of its own, for as long as the `with` block lasts."""

    def __init__(self, ledger: Ledger, job: Job, clock: Clock, lease: timedelta) -> None:
        self._ledger, self._job, self._clock, self._lease = ledger, job, clock, lease
        self._over, self._lost = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease of {job.stack}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def lost(self) -> bool:
        """Whether another worker has the job by now."""
        return self._lost.is_set()

    def _beat(self) -> None:
        while not self._over.wait(self._lease.total_seconds() / 3):
            try:
                if not self._ledger.renew(self._job, self._clock.now(), self._lease):
                    self._lost.set()
                    return
            except LedgerUnavailable as error:
                _log.warning("the lease of job %s is not renewed: %s", self._job.id, error)
