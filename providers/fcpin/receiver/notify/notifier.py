"""Watches the work, and tells people of what they would want to know."""

from collections.abc import Callable

from fcpin.receiver.job_events import JobEventHandler
from fcpin.receiver.ledger.model import Deployment, Ending, Job, JobState, Proposal
from fcpin.receiver.notify import message
from fcpin.receiver.notify.message import Message


class Notifier(JobEventHandler):
    """*put* takes the messages."""

    def __init__(self, put: Callable[[Message], None]) -> None:
        self._put = put

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:  # noqa: ARG002 - how long it took is counted
        """A failure is told once, and once more when the job is given up."""
        if ending.state is JobState.FAILED:
            self._put(message.dead(job, ending.reason))
        elif ending.is_retry and job.attempts == 1:
            self._put(message.failed(job, ending.reason))

    def deployed(self, deployment: Deployment) -> None:
        self._put(message.deployed(deployment))

    def proposed(self, proposal: Proposal) -> None:
        self._put(message.proposed(proposal))
