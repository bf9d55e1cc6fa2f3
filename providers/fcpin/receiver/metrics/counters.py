"""Counters of this process since it started: events, rejections, attempts, deployments, seconds, notifications.

Values of labels come from the configuration and from enumerations, so no client can create more of them.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from fcpin.receiver.errors import Reason
from fcpin.receiver.job_events import JobEventHandler
from fcpin.receiver.ledger.model import Deployment, Ending, Job, JobState, Proposal

PREFIX: Final = "fcpin_receiver"
_SECONDS: Final = (0.25, 0.5, 1, 2, 3, 4, 5, 7.5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
_OTHER: Final = "other"


class Outcome(StrEnum):
    """How a worker left a job."""

    SUCCEEDED = "succeeded"
    PENDING = "pending"
    """Until a window, the end of a freeze or of another run."""
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    RETRIED = "retried"
    FAILED = "failed"

    @classmethod
    def of(cls, ending: Ending) -> "Outcome":
        if ending.state is JobState.PENDING:
            return cls.RETRIED if ending.is_retry else cls.PENDING
        return cls(ending.state)


class Counters(JobEventHandler):
    """Thread-safe."""

    def __init__(self, registry: CollectorRegistry, stacks: Iterable[str], senders: Iterable[str]) -> None:
        self._stacks, self._senders = frozenset(stacks), frozenset(senders)

        def counter(name: str, help_: str, *labels: str) -> Counter:
            return Counter(f"{PREFIX}_{name}", help_, labels, registry=registry)

        def seconds(name: str, help_: str) -> Histogram:
            return Histogram(f"{PREFIX}_{name}", help_, ("stack",), registry=registry, buckets=_SECONDS)

        self._accepted = counter("accepted_events", "Events that were accepted.", "sender")
        self._ignored = counter("ignored_events", "Valid events that change no tag.", "sender", "event")
        self._rejected = counter("rejected", "Requests and events that were rejected.", "sender", "reason")
        self._attempts = counter("attempts", "Attempts at jobs, by outcome.", "stack", "outcome")
        self._attempt_seconds = seconds("attempt_seconds", "Duration of an attempt.")
        self._deployments = counter("deployments", "Functions that were deployed.", "stack")
        self._push_to_deployed = seconds(
            "push_to_deployed_seconds", "From the push, or from its event, until the function was updated."
        )
        self._outage = counter(
            "outage_seconds", "Seconds without new instances, in outages that a deployment ended.", "stack"
        )
        self._proposed = counter("created_proposals", "Changes that were proposed.", "stack")
        self._notified = counter("notifications", "Notifications, by outcome.", "service", "outcome")
        self._initialize()

    def _initialize(self) -> None:
        """Each counter starts at 0, so that a rate includes the first increment."""
        for sender in self._senders:
            self._accepted.labels(sender)
        for stack in self._stacks:
            for outcome in Outcome:
                self._attempts.labels(stack, outcome)
            for metric in (self._deployments, self._outage, self._proposed):
                metric.labels(stack)

    def accepted(self, sender: str) -> None:
        self._accepted.labels(self._sender(sender)).inc()

    def ignored(self, sender: str, event: str) -> None:
        """*event* is one of the sender's `ignored_events`."""
        self._ignored.labels(self._sender(sender), event).inc()

    def rejected(self, sender: str, reason: Reason) -> None:
        """*sender* is empty if the configuration does not name it."""
        self._rejected.labels(self._sender(sender), reason.label).inc()

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:
        stack = self._stack(job.stack)
        self._attempts.labels(stack, Outcome.of(ending)).inc()
        self._attempt_seconds.labels(stack).observe(seconds)

    def deployed(self, deployment: Deployment) -> None:
        stack = self._stack(deployment.stack)
        self._deployments.labels(stack).inc()
        if deployment.exposed_seconds is not None:
            self._push_to_deployed.labels(stack).observe(deployment.exposed_seconds)
            if deployment.outage:
                self._outage.labels(stack).inc(deployment.exposed_seconds)

    def proposed(self, proposal: Proposal) -> None:
        self._proposed.labels(self._stack(proposal.stack)).inc()

    def notified(self, service: str, outcome: str) -> None:
        """*service*: the name in apprise. *outcome*: `sent`, `failed` or `dropped`."""
        self._notified.labels(service, outcome).inc()

    def _stack(self, stack: str) -> str:
        """A job in the ledger may be of a stack that was removed from the configuration."""
        return stack if stack in self._stacks else _OTHER

    def _sender(self, sender: str) -> str:
        return sender if sender in self._senders else ""
