"""What happens to jobs, for those who report it: metrics, notifications, the log, the drift scan."""

import logging
from collections.abc import Callable, Sequence
from typing import Final

from fcpin.receiver.ledger.model import Deployment, Ending, Job, JobState, Proposal

_log: Final = logging.getLogger(__name__)


class JobEventHandler:
    """Each method is called after what happened is in the ledger. What it raises is logged and changes nothing."""

    def started(self, job: Job) -> None:
        """A worker has claimed the job, for the `job.attempts`-th time."""

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:
        """The worker has left the job after *seconds*."""

    def deployed(self, deployment: Deployment) -> None:
        """A function runs another image."""

    def proposed(self, proposal: Proposal) -> None:
        """An image change that was not proposed before waits for approval."""


class JobEventHandlers(JobEventHandler):
    """Calls each of *handlers*. One that fails is logged, and the next one is called."""

    def __init__(self, handlers: Sequence[JobEventHandler]) -> None:
        self._handlers = handlers

    def started(self, job: Job) -> None:
        self._call(lambda handler: handler.started(job))

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:
        self._call(lambda handler: handler.ended(job, ending, seconds))

    def deployed(self, deployment: Deployment) -> None:
        self._call(lambda handler: handler.deployed(deployment))

    def proposed(self, proposal: Proposal) -> None:
        self._call(lambda handler: handler.proposed(proposal))

    def _call(self, call: Callable[[JobEventHandler], None]) -> None:
        for handler in self._handlers:
            try:
                call(handler)
            except Exception:
                _log.exception("a handler of job events failed")


class JobLog(JobEventHandler):
    """One line for each event: a job that failed is an error, a retry a warning."""

    def started(self, job: Job) -> None:
        _log.info("attempt %d started; events: %d", job.attempts, job.event_count, extra=_fields(job))

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:
        level = logging.INFO
        if ending.state is JobState.FAILED:
            level = logging.ERROR
        elif ending.is_retry:
            level = logging.WARNING
        state, reason = ending.state.value.replace("_", " "), f": {ending.reason}" if ending.reason else ""
        _log.log(level, "attempt %d: %s after %.1f s%s", job.attempts, state, seconds, reason, extra=_fields(job))

    def deployed(self, deployment: Deployment) -> None:
        extra = {"stack": deployment.stack, "job": deployment.job}
        _log.info("deployed %s: %s", deployment.pin, deployment, extra=extra)

    def proposed(self, proposal: Proposal) -> None:
        _log.info("waiting for approval: %s: %s", proposal.pin, proposal, extra={"stack": proposal.stack})


def _fields(job: Job) -> dict[str, str]:
    return {"stack": job.stack, "job": job.id}
