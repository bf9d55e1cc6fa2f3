"""Drift that nobody told of: a survey found it, and the stack has no job that would set it right.

Each kind of each pin is told once, until it is another one; which was told is in the ledger, for all machines.
"""

from collections.abc import Callable
from typing import Final

from fcpin.receiver.drift_scan.report import StackReport
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import JobState
from fcpin.receiver.notify.message import Message, drifted

_AT_WORK: Final = frozenset({JobState.PENDING, JobState.RUNNING, JobState.WAITING_FOR_APPROVAL})


class DriftNotices:
    """Called with each survey's report, after it is in the ledger. *put* takes the messages."""

    def __init__(self, ledger: Ledger, put: Callable[[Message], None]) -> None:
        self._ledger, self._put = ledger, put

    def __call__(self, report: StackReport) -> None:
        """Raises LedgerUnavailable."""
        if report.error is not None or self._is_at_work(report.stack):
            return
        key = f"drift-told:{report.stack}"
        told = self._ledger.get(key) or {}
        drift = {one.pin: one for one in report.functions if one.drift.facts.is_notified and not one.suspended}
        kinds = {pin: str(one.drift) for pin, one in drift.items()}
        if kinds == told:
            return
        self._ledger.put(key, kinds)
        new = [one for pin, one in drift.items() if told.get(pin) != str(one.drift)]
        if new:
            self._put(drifted(report.stack, new))

    def _is_at_work(self, stack: str) -> bool:
        return any(job.state in _AT_WORK for job in self._ledger.jobs(stack=stack, limit=2))
