"""The seam to whoever watches the work: metrics, notifications."""

from typing import Protocol

from fcpin.receiver.ledger.base import Ending
from fcpin.receiver.ledger.model import Job, Proposal, Transition


class Observer(Protocol):
    """Hears of what happened, after it is in the ledger. What it raises is logged and changes nothing."""

    def began(self, job: Job) -> None:
        """A worker has the job: `attempts` tells the how manieth time."""

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:
        """The worker has left the job, as *ending* says, after *seconds*."""

    def deployed(self, transition: Transition) -> None:
        """A function runs another image."""

    def proposed(self, proposal: Proposal) -> None:
        """Somebody is to approve something that was not proposed before."""


class Unobserved:
    """Nobody watches."""

    def began(self, job: Job) -> None:
        """Nothing."""

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:
        """Nothing."""

    def deployed(self, transition: Transition) -> None:
        """Nothing."""

    def proposed(self, proposal: Proposal) -> None:
        """Nothing."""
