"""The seam of the ledger. Each call is one transaction: it happened when it returned, whatever happens next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from fcpin.receiver.ledger.model import Freeze, Job, Proposal, State, Transition
from fcpin.receiver.push import Push


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one push."""

    new: bool
    """False for an event that was received before: it adds nothing."""
    stacks_to_wake: Mapping[str, datetime]
    """The stacks whose job needs a wake-up, and when: it is new, or is due earlier than it was."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a worker leaves a job."""

    state: State
    reason: str = ""
    due: datetime | None = None
    """With `waiting`: when to go on."""
    failed: bool = False
    """With `waiting`: whether this was a failed attempt that is tried again."""
    busy: bool = False
    """Whether another run was at work on the stack."""


class Ledger(Protocol):
    """What must survive kill -9 of every process. Raises LedgerUnavailable when the store cannot be reached."""

    def receive(
        self, push: Push, stacks: Sequence[str], now: datetime, *, quiet: timedelta, at_most: timedelta
    ) -> Received:
        """Add *push* to the waiting job of each of *stacks*, or make one.

        A job is due when no push has come for *quiet*, and at the latest *at_most* after the first one of the burst.
        One that waits for longer (a window, an approval, a freeze) becomes due likewise: the push may have moved a
        deployed tag, or what was proposed. Only a retry keeps its time.
        """

    def ask(self, stack: str, pins: Sequence[str], now: datetime) -> Job:
        """A job for *pins* that is due now: somebody pressed a button. Joins the one that waits, and makes it due."""

    def claim(self, stack: str, worker: str, now: datetime, lease: timedelta) -> Job | None:
        """Take the stack's job that is due, as `running`; None while there is none, or another worker has the stack.

        A job whose lease has ended is taken over from whoever had it; what waits beside it joins it.
        """

    def renew(self, job: Job, now: datetime, lease: timedelta) -> bool:
        """False when the job is no longer this worker's."""

    def finish(self, job: Job, ending: Ending, now: datetime, transitions: Sequence[Transition] = ()) -> Job | None:
        """End the job, or put it back, with what it deployed. Joins what came meanwhile when it is put back.

        Gives the stack's job that waits now, if any; None too, and nothing is written, when the job is no longer this
        worker's.
        """

    def waiting(self) -> Mapping[str, datetime]:
        """Stacks with work, and from when on: what waits for its time, and what runs, from the end of its lease."""

    def jobs(self, *, stack: str | None = None, limit: int = 50) -> Sequence[Job]:
        """What waits and runs, then what has ended, newest first. The last 100 of a stack are kept."""

    def retry(self, job: str, now: datetime) -> Job | None:
        """Have a dead job tried again, from its first attempt; None when there is no dead job of that id."""

    def say(self, job: str, line: str) -> None:
        """Live progress. The newest 200 lines of a job are kept."""

    def said(self, job: str, after: int = 0) -> Sequence[tuple[int, str]]:
        """Lines with their numbers, those after number *after*."""

    def transitions(self, *, stack: str | None = None, pin: str | None = None, limit: int = 50) -> Sequence[Transition]:
        """Newest first. The last 1,000 of a stack are kept."""

    def note(self, transition: Transition) -> bool:
        """One that somebody else did. False when it is known: the newest of its pin has the same digests."""

    def propose(self, stack: str, proposals: Sequence[Proposal]) -> None:
        """What the stack would deploy now, in the place of what it proposed before. Approvals of equal tokens stay."""

    def proposals(self, stack: str | None = None) -> Sequence[Proposal]:
        """What waits for approval, or is approved and not yet deployed."""

    def approve(self, token: str, by: str, now: datetime) -> Proposal | None:
        """Approve, and make the stack's job due for that pin, as `ask` does.

        None when nothing of that token is proposed: it was deployed, or the tag was pushed again.
        """

    def freeze(self, freeze: Freeze | None) -> None:
        """None lifts it."""

    def frozen(self) -> Freeze | None:
        """The freeze, if there is one."""

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        """Something small for the page, shared by all machines: what a survey saw."""

    def get(self, key: str) -> Mapping[str, Any] | None:
        """What was put last."""

    def ready(self) -> None:
        """Raises LedgerUnavailable when a push could not be kept now."""

    def close(self) -> None:
        """Let go of the store."""
