"""What the ledger keeps, as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fcpin.image import Digest
from fcpin.receiver.push import Push


class State(StrEnum):
    """Where a job is. It ends in `done` or `dead`."""

    WAITING = "waiting"
    """For its time, a deploy window, or the end of a freeze; `Job.reason` says for which."""
    RUNNING = "running"
    APPROVAL = "approval"
    """For somebody to approve what it would deploy."""
    DONE = "done"
    DEAD = "dead"
    """Given up; `Job.reason` says why. Somebody has to look, and may have it tried again."""


@dataclass(frozen=True, slots=True)
class Job:
    """One convergence of one stack. There is at most one of a stack that waits, and one that runs."""

    id: str
    stack: str
    state: State
    created: datetime
    """When the first push, or whoever asked, came."""
    due: datetime | None
    """When it may run; None while it waits for a person."""
    pushes: tuple[Push, ...] = ()
    """Each tag of each repository once, the newest push of it. What they concern is decided when the job runs."""
    asked: tuple[str, ...] = ()
    """Names of pins that somebody asked for, beside those that the pushes concern."""
    count: int = 0
    """How many pushes it stands for."""
    attempts: int = 0
    """How often it has been begun since it was made or last got through."""
    gathering: datetime | None = None
    """When the burst of pushes began that it waits out; None when it waits for something else."""
    reason: str = ""
    worker: str = ""
    lease: datetime | None = None
    """Until when the worker has it, unless the worker renews that."""
    ended: datetime | None = None
    busy: datetime | None = None
    """Since when another run has been at work on the stack; None when none was at the last attempt."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One function that went from one image to another."""

    stack: str
    pin: str
    function_name: str
    region: str
    repository: str
    from_tag: str
    from_digest: Digest | None
    """None for the first deployment."""
    to_tag: str
    to_digest: Digest
    at: datetime
    job: str = ""
    """Id of the job that did it; empty when somebody else did, and it was seen later."""
    exposed_seconds: float | None = None
    """From the push to the deployment, where the push's time is known."""
    outage: bool = False
    """Whether the very tag that the function ran on had moved: until the deployment new instances could not start."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a stack in `mode: approve` would deploy. An approval is for exactly this."""

    token: str
    """SHA-256 over stack, pin, from and to digest: a re-push makes another one, that nobody has approved."""
    stack: str
    pin: str
    from_tag: str
    from_digest: Digest | None
    to_tag: str
    to_digest: Digest
    proposed: datetime
    approved_by: str = ""
    approved: datetime | None = None


@dataclass(frozen=True, slots=True)
class Freeze:
    """Nothing is deployed until somebody lifts it."""

    by: str
    reason: str
    since: datetime
