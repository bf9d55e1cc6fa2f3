"""Watches the work, and tells people of what they would want to know."""

from collections.abc import Callable

from fcpin.receiver.ledger.base import Ending
from fcpin.receiver.ledger.model import Job, Proposal, State, Transition
from fcpin.receiver.notify import message
from fcpin.receiver.notify.message import Message


class Notifier:
    """`Observer` of the work. *put* takes the messages."""

    def __init__(self, put: Callable[[Message], None]) -> None:
        self._put = put

    def began(self, job: Job) -> None:
        """Nothing: what becomes of it is told."""

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:  # noqa: ARG002 - how long it took is counted
        """A failure is told once, and once more when the job is given up."""
        if ending.state is State.DEAD:
            self._put(message.dead(job, ending.reason))
        elif ending.failed and job.attempts == 1:
            self._put(message.failed(job, ending.reason))

    def deployed(self, transition: Transition) -> None:
        self._put(message.deployed(transition))

    def proposed(self, proposal: Proposal) -> None:
        self._put(message.proposed(proposal))
