"""One attempt at one job: which pins it concerns, which of them may be deployed now, and their deployment.

1. The pins are those of the index. They are read again when they may be old: after an attempt that failed, when the
   history has a later deployment, or when a requested pin is not among them.
2. The pins that the job's events concern, or that were requested, are its targets.
3. In `mode: approve` what would change is proposed; only what is approved, exactly as it is, is deployed.
4. Right before the deployment a freeze holds back everything, a closed window everything but outages that are healed.
5. What was deployed follows from the pins before and after, also where the deployment failed half-way.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from fcpin.clock import Clock
from fcpin.errors import FcpinError
from fcpin.receiver.converge.converger import Converger
from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import (
    KEEP_DEPLOYMENTS,
    Deployment,
    Ending,
    Job,
    JobState,
    PinChange,
    Proposal,
    approval_token,
)
from fcpin.receiver.pin_index import IndexedPin, PinIndex
from fcpin.receiver.settings.model import Mode, Outages, StackSettings
from fcpin.receiver.work import windows
from fcpin.receiver.work.deployments import Moved, deployments, is_confirmed, moved, recover_unrecorded

FREEZE_RECHECK: Final = timedelta(minutes=1)
"""A job that a freeze holds back is tried again so much later, in case the end of the freeze was missed."""
SUCCEEDED: Final = Ending(JobState.SUCCEEDED)

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
    index: PinIndex
    clock: Clock
    is_lost: Callable[[], bool]
    deployments: list[Deployment] = field(default_factory=list)
    proposed: list[Proposal] = field(default_factory=list)
    """New ones."""

    def __call__(self) -> Ending:
        """Raises what the converger raises, LedgerUnavailable, LeaseLost."""
        if self.settings.mode is Mode.DEPLOY and (frozen := self._frozen()):
            return frozen
        pins = self._pins()
        if self.settings.mode is Mode.APPROVE:
            return self._approve(pins)
        targets = self._targets(pins, ())
        if not targets:
            return replace(SUCCEEDED, reason="no pin of the stack is affected")
        admitted, ending = self._admit(targets)
        if admitted:
            self._deploy(pins, admitted)
        return ending

    def _pins(self) -> Sequence[IndexedPin]:
        """Rule 1."""
        job, pins = self.job, self.index.pins(self.job.stack)
        known = self.ledger.deployments(stack=job.stack, limit=KEEP_DEPLOYMENTS)
        has_all = pins is not None and {one.name for one in pins}.issuperset(job.requested_pins)
        if pins is None or not has_all or job.attempts > 1 or not is_confirmed(pins, known):
            pins = self.index.read(job.stack)
        if job.attempts > 1:
            self.deployments += recover_unrecorded(job, pins, known, self.clock.now())
        return pins

    def _targets(self, pins: Sequence[IndexedPin], proposed: Sequence[Proposal]) -> list[IndexedPin]:
        names = {*self.job.requested_pins, *(proposal.pin for proposal in proposed)}
        return [one for one in pins if one.name in names or any(map(one.is_concerned, self.job.events))]

    def _approve(self, pins: Sequence[IndexedPin]) -> Ending:
        stack = self.job.stack
        known = self.ledger.proposals(stack)
        targets = self._targets(pins, known)
        changes = self.converger.preview(stack, [one.pin for one in targets]) if targets else ()
        self._propose(changes, known)
        tokens = {proposal.token for proposal in self.ledger.proposals(stack) if proposal.approved}
        approved = {change.pin: change for change in changes if approval_token(stack, change) in tokens}
        if not approved:
            return self._wait_for(changes)
        admitted, ending = self._admit([one for one in targets if one.name in approved])
        if admitted:
            names = {one.name for one in admitted}
            self._deploy(pins, admitted, {name: approved[name] for name in names})
            changes = [change for change in changes if change.pin not in names]
            self._propose(changes, self.ledger.proposals(stack))
        return ending if ending.state is JobState.PENDING else self._wait_for(changes)

    def _propose(self, changes: Sequence[PinChange], known: Sequence[Proposal]) -> None:
        proposals = [Proposal.of(self.job.stack, change, self.clock.now()) for change in changes]
        self.ledger.set_proposals(self.job.stack, proposals)
        tokens = {proposal.token for proposal in known}
        self.proposed += [proposal for proposal in proposals if proposal.token not in tokens]

    @staticmethod
    def _wait_for(changes: Sequence[PinChange]) -> Ending:
        if not changes:
            return SUCCEEDED
        names = ", ".join(change.pin for change in changes)
        return Ending(JobState.WAITING_FOR_APPROVAL, f"waiting for approval: {names}")

    def _admit(self, targets: Sequence[IndexedPin]) -> tuple[Sequence[IndexedPin], Ending]:
        """Those that may be deployed now, and how the job ends when they have been."""
        if frozen := self._frozen():
            return (), frozen
        now = self.clock.now()
        if windows.open_at(self.settings.windows, now):
            return targets, SUCCEEDED
        healed = [one for one in targets if self.settings.outages is Outages.HEAL and self._is_outage(one)]
        if len(healed) == len(targets):
            return healed, SUCCEEDED
        opening = windows.next_opening(self.settings.windows, now)
        if opening is None:
            return healed, Ending(JobState.FAILED, "its deploy windows never open; add days to them")
        reason = f"outside the deploy windows until {windows.shown(opening)}"
        return healed, Ending(JobState.PENDING, reason, opening)

    def _frozen(self) -> Ending | None:
        freeze = self.ledger.current_freeze()
        if freeze is None:
            return None
        reason = f"frozen by {freeze.by}: {freeze.reason}"
        return Ending(JobState.PENDING, reason, self.clock.now() + FREEZE_RECHECK)

    def _is_outage(self, one: IndexedPin) -> bool:
        """Where the events leave it open, a preview decides."""
        found = moved(one, self.job.events)
        if found is not Moved.UNKNOWN:
            return found is Moved.YES
        changes = self.converger.preview(self.job.stack, [one.pin])
        return any(change.pin == one.name and change.to_tag == change.from_tag for change in changes)

    def _deploy(
        self,
        before: Sequence[IndexedPin],
        targets: Sequence[IndexedPin],
        approved: Mapping[str, PinChange] | None = None,
    ) -> None:
        if self.is_lost():
            raise LeaseLost
        try:
            self.converger.up(self.job.stack, [one.pin for one in targets], self._log, approved=approved)
        except FcpinError:
            self._try_to_record(before)
            raise
        self._record(before)

    def _try_to_record(self, before: Sequence[IndexedPin]) -> None:
        try:
            self._record(before)
        except FcpinError as error:
            _log.warning("job %s: what was deployed before the failure is unknown: %s", self.job.id, error)

    def _record(self, before: Sequence[IndexedPin]) -> None:
        after = self.index.read(self.job.stack)
        self.deployments += deployments(self.job, before, after, self.clock.now())

    def _log(self, line: str) -> None:
        try:
            self.ledger.append_log(self.job.id, line)
        except LedgerUnavailable as error:  # a deployment is not stopped for a line of its progress
            _log.debug("job %s: a line of progress was not stored: %s", self.job.id, error)
