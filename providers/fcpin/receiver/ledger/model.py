"""What the ledger keeps, as values. They are stored as JSON; unknown fields of a newer receiver are ignored."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from fcpin.image import ImageChange
from fcpin.receiver.push_event import PushEvent

VERSION: Final = 2
"""Of the layout of the store and of these values."""
KEEP_EVENT_IDS: Final = timedelta(days=7)
"""An event that is delivered again within this time is a duplicate."""
KEEP_JOBS: Final = 100
"""Ended ones, of each stack."""
KEEP_DEPLOYMENTS: Final = 1_000
"""Of each stack."""
KEEP_LINES: Final = 200
"""Of progress, of each job."""


class JobState(StrEnum):
    """A job ends in `succeeded` or `failed`."""

    PENDING = "pending"
    """Until its time, a deploy window, or the end of a freeze; `Job.reason` gives which."""
    RUNNING = "running"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """A dead letter: no retry follows unless a person starts one. `Job.reason` gives why."""

    @property
    def has_ended(self) -> bool:
        return self in (JobState.SUCCEEDED, JobState.FAILED)


@dataclass(frozen=True, slots=True)
class Job:
    """One convergence of one stack."""

    id: str
    stack: str
    state: JobState
    created: datetime
    """Time of the first event or request."""
    due: datetime | None
    """When it may run; None while it waits for a person."""
    events: tuple[PushEvent, ...] = ()
    """Each tag of each repository once, its newest event. Which pins they concern is decided when the job runs."""
    requested_pins: tuple[str, ...] = ()
    """Names of pins to converge in addition to those that the events concern."""
    event_count: int = 0
    """How many events it stands for."""
    attempts: int = 0
    """Since it was created or last made progress."""
    debounce_started: datetime | None = None
    """Start of the burst of events that it waits out; None when it waits for something else."""
    reason: str = ""
    worker: str = ""
    lease: datetime | None = None
    """The worker has the job until then, unless it renews the lease."""
    ended: datetime | None = None
    busy_since: datetime | None = None
    """Since when another run has held the stack; None when none did at the last attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinChange(ImageChange):
    """The image change of one pin."""

    pin: str
    """Name of the resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(PinChange):
    """An image change that happened."""

    stack: str
    function_name: str
    region: str
    repository: str
    at: datetime
    job: str = ""
    """Id of the job that did it; empty when a drift scan found it."""
    exposed_seconds: float | None = None
    """From the push to the deployment, where the time of the push is known."""
    outage: bool = False
    """Whether the deployed tag itself had moved: until the deployment new instances could not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal(PinChange):
    """What a stack in `mode: approve` would deploy. An approval is for exactly this."""

    token: str
    stack: str
    proposed: datetime
    approved_by: str = ""
    approved: datetime | None = None

    @classmethod
    def of(cls, stack: str, change: PinChange, now: datetime) -> Self:
        return cls(
            token=approval_token(stack, change),
            stack=stack,
            pin=change.pin,
            from_tag=change.from_tag,
            from_digest=change.from_digest,
            to_tag=change.to_tag,
            to_digest=change.to_digest,
            proposed=now,
        )


def approval_token(stack: str, change: PinChange) -> str:
    """SHA-256, hexadecimal, over stack, pin, from and to digest: a tag that is pushed again has another token."""
    bound = json.dumps([stack, change.pin, change.from_digest, change.to_digest])
    return hashlib.sha256(bound.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Freeze:
    """No stack is deployed to until it is lifted."""

    by: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Ending:
    """How a worker leaves a job."""

    state: JobState
    reason: str = ""
    due: datetime | None = None
    """With `pending`: when to go on."""
    is_retry: bool = False
    """With `pending`: whether this attempt failed, and the next one is a retry."""
    busy: bool = False
    """Whether another run held the stack."""


@dataclass(frozen=True, slots=True)
class StackRecord:
    """What is stored of one stack as one value: at most one job that has not begun, and one that runs."""

    pending: Job | None = None
    """Its state is `pending` or `waiting_for_approval`."""
    running: Job | None = None
    proposals: tuple[Proposal, ...] = ()

    @property
    def jobs(self) -> Sequence[Job]:
        return [job for job in (self.pending, self.running) if job]

    @property
    def due(self) -> datetime | None:
        """When a worker has to look at the stack: when the lease of the running job ends, else when a job is due."""
        if self.running:
            return self.running.lease
        return self.pending.due if self.pending else None
