"""Several who watch the work, as one."""

import logging
from collections.abc import Callable, Sequence
from typing import Final

from fcpin.receiver.ledger.base import Ending
from fcpin.receiver.ledger.model import Job, Proposal, Transition
from fcpin.receiver.work.observer import Observer

_log: Final = logging.getLogger(__name__)


class Observers:
    """Tells each of them. One that fails is logged, and the next is told."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers

    def began(self, job: Job) -> None:
        self._tell(lambda one: one.began(job))

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:
        self._tell(lambda one: one.ended(job, ending, seconds))

    def deployed(self, transition: Transition) -> None:
        self._tell(lambda one: one.deployed(transition))

    def proposed(self, proposal: Proposal) -> None:
        self._tell(lambda one: one.proposed(proposal))

    def _tell(self, tell: Callable[[Observer], None]) -> None:
        for observer in self._observers:
            try:
                tell(observer)
            except Exception:
                _log.exception("an observer of the work failed")
