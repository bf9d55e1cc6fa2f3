"""What is worth a notification: events of jobs, and drift that no job corrects."""

from collections.abc import Callable

from fcpin.receiver.drift_scan.report import StackReport
from fcpin.receiver.job_events import JobEventHandler
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Deployment, Ending, Job, JobState, Proposal
from fcpin.receiver.notify import messages
from fcpin.receiver.notify.messages import Message


class Notifier(JobEventHandler):
    """*put* takes the messages."""

    def __init__(self, put: Callable[[Message], None]) -> None:
        self._put = put

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:  # noqa: ARG002 - durations are metrics
        """One message for the first failed attempt, and one for a failed job."""
        if ending.state is JobState.FAILED:
            self._put(messages.failed(job, ending.reason))
        elif ending.is_retry and job.attempts == 1:
            self._put(messages.retried(job, ending.reason))

    def deployed(self, deployment: Deployment) -> None:
        self._put(messages.deployed(deployment))

    def proposed(self, proposal: Proposal) -> None:
        self._put(messages.proposed(proposal))


class DriftNotices:
    """Called with each report of a drift scan, after it is in the ledger. *put* takes the messages.

    Each kind of drift of a pin is notified once, until the kind changes; the ledger holds which was, for all machines.
    """

    def __init__(self, ledger: Ledger, put: Callable[[Message], None]) -> None:
        self._ledger, self._put = ledger, put

    def __call__(self, report: StackReport) -> None:
        """Raises LedgerUnavailable."""
        if report.error is not None or self._has_job(report.stack):
            return
        key = f"drift-notified:{report.stack}"
        known = self._ledger.get(key) or {}
        drift = {one.pin: one for one in report.functions if one.drift.facts.is_notified and not one.suspended}
        kinds = {pin: str(one.drift) for pin, one in drift.items()}
        if kinds == known:
            return
        self._ledger.put(key, kinds)
        new = [one for pin, one in drift.items() if known.get(pin) != str(one.drift)]
        if new:
            self._put(messages.drifted(report.stack, new))

    def _has_job(self, stack: str) -> bool:
        return any(not job.state.has_ended for job in self._ledger.jobs(stack=stack, limit=2))
