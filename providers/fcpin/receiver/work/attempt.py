"""One attempt at one job: which pins are concerned, which of them may go now, and their deployment.

1. Pins are read anew; those that the job's pushes concern, or that somebody asked for, are its targets.
2. In `mode: approve` what would change is proposed; only what is approved, exactly as it is, goes on.
3. Right before the deployment a freeze holds back everything, a closed window all but outages that are to be healed.
4. What was deployed is told from the pins before and after, also where the deployment failed on the way.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from fcpin.clock import Clock
from fcpin.errors import FcpinError
from fcpin.receiver.converge.base import Change, Converger
from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.ledger.base import Ending, Ledger
from fcpin.receiver.ledger.model import Job, Proposal, State, Transition
from fcpin.receiver.settings.model import Mode, Outages, StackSettings
from fcpin.receiver.work import approval, history, windows
from fcpin.receiver.work.outage import Concerned, Moved, moved
from fcpin.stack.stack import StackPin

FROZEN_FOR: Final = timedelta(minutes=1)
"""After which a frozen job is looked at again, should nobody say that the freeze is lifted."""
DONE: Final = Ending(State.DONE)

_log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker has the job: nothing more is done to it here."""


@dataclass
class Attempt:
    """Call it once. What it deployed and proposed is kept also when it raises."""

    job: Job
    settings: StackSettings
    ledger: Ledger
    converger: Converger
    concerned: Concerned
    clock: Clock
    is_lost: Callable[[], bool]
    transitions: list[Transition] = field(default_factory=list)
    proposed: list[Proposal] = field(default_factory=list)
    """New ones."""

    def __call__(self) -> Ending:
        """Raises what the converger raises, LedgerUnavailable, LeaseLost."""
        if self.settings.mode is Mode.DEPLOY and (frozen := self._frozen()):
            return frozen
        before = self.converger.pins(self.job.stack)
        if self.job.attempts > 1:
            known = self.ledger.transitions(stack=self.job.stack, limit=1_000)
            now = self.clock.now()
            self.transitions += history.left_behind(self.job, before, known, now, self.concerned)
        if self.settings.mode is Mode.APPROVE:
            return self._approve(before)
        targets = self._targets(before, ())
        if not targets:
            return replace(DONE, reason="no pin of the stack is concerned")
        go, ending = self._admitted(targets)
        if go:
            self._deploy(before, [pin.name for pin in go])
        return ending

    def _targets(self, pins: Sequence[StackPin], proposed: Sequence[Proposal]) -> list[StackPin]:
        names = {*self.concerned(self.job.pushes, pins), *self.job.asked, *(proposal.pin for proposal in proposed)}
        return [pin for pin in pins if pin.name in names]

    def _approve(self, before: Sequence[StackPin]) -> Ending:
        stack = self.job.stack
        known = self.ledger.proposals(stack)
        targets = self._targets(before, known)
        changes = self.converger.preview(stack, [pin.name for pin in targets]) if targets else ()
        self._propose(changes, known)
        approved = approval.approved(stack, changes, self.ledger.proposals(stack))
        if not approved:
            return self._waits_for(changes)
        go, ending = self._admitted([pin for pin in targets if pin.name in approved])
        if go:
            names = [pin.name for pin in go]
            self._deploy(before, names, {name: approved[name] for name in names})
            changes = [change for change in changes if change.pin not in names]
            self._propose(changes, self.ledger.proposals(stack))
        return ending if ending.state is State.WAITING else self._waits_for(changes)

    def _propose(self, changes: Sequence[Change], known: Sequence[Proposal]) -> None:
        made = approval.proposals(self.job.stack, changes, self.clock.now())
        self.ledger.propose(self.job.stack, made)
        tokens = {proposal.token for proposal in known}
        self.proposed += [proposal for proposal in made if proposal.token not in tokens]

    @staticmethod
    def _waits_for(changes: Sequence[Change]) -> Ending:
        if not changes:
            return DONE
        return Ending(State.APPROVAL, f"somebody has to approve {', '.join(change.pin for change in changes)}")

    def _admitted(self, targets: Sequence[StackPin]) -> tuple[Sequence[StackPin], Ending]:
        """Those that may be deployed to now, and how the job ends when they have been."""
        if frozen := self._frozen():
            return (), frozen
        now = self.clock.now()
        if windows.open_at(self.settings.windows, now):
            return targets, DONE
        go = [pin for pin in targets if self.settings.outages is Outages.HEAL and self._is_outage(pin)]
        if len(go) == len(targets):
            return go, DONE
        opening = windows.next_opening(self.settings.windows, now)
        if opening is None:
            return go, Ending(State.DEAD, "its deploy windows never open; give them days")
        return go, Ending(State.WAITING, f"outside its deploy windows until {windows.shown(opening)}", opening)

    def _frozen(self) -> Ending | None:
        freeze = self.ledger.frozen()
        reason = f"frozen by {freeze.by}: {freeze.reason}" if freeze else ""
        return Ending(State.WAITING, reason, self.clock.now() + FROZEN_FOR) if freeze else None

    def _is_outage(self, pin: StackPin) -> bool:
        """Where the pushes leave it open, the engine is asked what it would do."""
        told = moved(pin, self.job.pushes, self.concerned)
        if told is not Moved.UNKNOWN:
            return told is Moved.YES
        changes = self.converger.preview(self.job.stack, [pin.name])
        return any(change.pin == pin.name and change.to_tag == change.from_tag for change in changes)

    def _deploy(
        self, before: Sequence[StackPin], names: Sequence[str], approved: Mapping[str, Change] | None = None
    ) -> None:
        if self.is_lost():
            raise LeaseLost
        try:
            self.converger.up(self.job.stack, names, self._say, approved=approved)
        except FcpinError:
            self._record_what_can_be_told(before)
            raise
        self._record(before)

    def _record_what_can_be_told(self, before: Sequence[StackPin]) -> None:
        try:
            self._record(before)
        except FcpinError as error:
            _log.warning("job %s: what was deployed before the failure cannot be told: %s", self.job.id, error)

    def _record(self, before: Sequence[StackPin]) -> None:
        after = self.converger.pins(self.job.stack)
        self.transitions += history.transitions(self.job, before, after, self.clock.now(), self.concerned)

    def _say(self, line: str) -> None:
        try:
            self.ledger.say(self.job.id, line)
        except LedgerUnavailable as error:  # a deployment is not stopped for a line of its progress
            _log.debug("job %s: a line of progress is lost: %s", self.job.id, error)
