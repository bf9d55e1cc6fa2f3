"""What becomes of jobs, in the log: a line each, at a level of its own."""

import logging
from typing import Final

from fcpin.receiver.ledger.base import Ending
from fcpin.receiver.ledger.model import Job, Proposal, State, Transition
from fcpin.receiver.notify.message import change

_log: Final = logging.getLogger(__name__)


class Diary:
    """`Observer` of the work."""

    def began(self, job: Job) -> None:
        _log.info("attempt %d begins; pushes: %d", job.attempts, job.count, extra=_of(job))

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:
        """Given up is an error, a failure that is tried again a warning; everything else is as it should be."""
        level = logging.ERROR if ending.state is State.DEAD else logging.WARNING if ending.failed else logging.INFO
        reason = f": {ending.reason}" if ending.reason else ""
        _log.log(
            level, "attempt %d ended in %s after %.1f s%s", job.attempts, ending.state, seconds, reason, extra=_of(job)
        )

    def deployed(self, transition: Transition) -> None:
        one = transition
        what = change(one.from_tag, one.from_digest, one.to_tag, one.to_digest)
        _log.info("deployed %s: %s", one.pin, what, extra={"stack": one.stack, "job": one.job})

    def proposed(self, proposal: Proposal) -> None:
        one = proposal
        what = change(one.from_tag, one.from_digest, one.to_tag, one.to_digest)
        _log.info("somebody has to approve %s: %s", one.pin, what, extra={"stack": one.stack})


def _of(job: Job) -> dict[str, str]:
    return {"stack": job.stack, "job": job.id}
