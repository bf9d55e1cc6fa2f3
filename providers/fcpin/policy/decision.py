"""The decision between the tags of one listing: who takes part, who waits, who is newest, whether it may replace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from fcpin.image import TagRecord
from fcpin.policy.accelerated import Conversions
from fcpin.policy.candidate import reject
from fcpin.policy.contest import Contest
from fcpin.policy.downgrade import Doubt, behind, doubt, lost_push_times
from fcpin.policy.outcome import Outcome
from fcpin.policy.selection import Change, Selection, commonest, none_of
from fcpin.policy.times import known
from fcpin.policy.waiting import Admission, Gate, named, newer, next_change

if TYPE_CHECKING:
    from fcpin.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided on, and who is out of it so far."""

    policy: "Policy"
    listing: Mapping[str, TagRecord]
    current: str | None
    now: datetime | None
    """Only a policy with a gate needs it."""
    bypass_min_age: bool
    current_by: str = ""
    """What *current* was chosen by."""
    rejected: dict[str, list[str]] = field(default_factory=dict)

    def select(self) -> Selection:
        """What rules 1 to 5 of policy.py come to. Raises InvalidPolicy."""
        contest = Contest.of(self.policy.order, self.policy.filters, self.listing, self.current, self.rejected)
        conversions = Conversions(self.policy.acceleration, self.listing)
        ranked, gates = contest.rank(self.rejected), self._gates(conversions)
        admission = Admission.of(ranked, gates, known(self.now)) if gates else Admission(ranked)
        admission.reject_waiting(self.rejected)
        if not admission.ready.tags:
            return self._none_ready(contest, admission)
        return self._newest(contest, admission, conversions)

    def _newest(self, contest: Contest, admission: Admission, conversions: Conversions) -> Selection:
        descending = contest.ranking.descending
        outcome = Outcome.of(admission.ready, contest.ranking, contest.runs)
        coming = newer(admission.coming(contest.runs), outcome.key, descending=descending)
        news = (f"not deployed yet: {named(coming, descending=descending)}",) if coming else ()
        warnings, change = (*self.policy.warnings, *news), next_change(coming)
        if (held := self._doubt(contest, admission, outcome)) is not None:
            reject(self.rejected, held.of_each, admission.ready.tags)
            return self._nothing(held.reason, warnings=warnings, change=change)
        outcome.reject_others(self.rejected)
        chosen, note = conversions.instead_of(outcome.winner, self.rejected)
        if self.policy.min_age is not None and self.bypass_min_age:
            note += f"; min_age {self.policy.min_age.text} bypassed"
        reason = outcome.reason(len(self.listing), already=chosen.tag == self.current) + note
        summary = outcome.summary(len(self.listing)) + note
        stays = chosen.tag == self.current and lost_push_times(contest.ranking, self.current_by)
        by = self.current_by if stays else outcome.by
        return Selection(chosen, reason, summary, warnings=warnings, by=by, change=change, by_reason=self.rejected)

    def _gates(self, conversions: Conversions) -> Sequence[Gate]:
        age = () if self.policy.min_age is None or self.bypass_min_age else (self.policy.min_age,)
        return (*age, conversions) if self.policy.acceleration.holds_back else age

    def _doubt(self, contest: Contest, admission: Admission, outcome: Outcome) -> Doubt | None:
        """Why the winner must not replace what runs, or None if it may."""
        if contest.runs is None or contest.value is None:
            return None
        held = behind(outcome, admission.key_of(contest.runs), contest.runs, descending=contest.ranking.descending)
        if held is not None or self.policy.allow_downgrade:
            return held
        return doubt(outcome, contest.ranking, contest.runs, contest.value, self.listing, self.current_by)

    def _none_ready(self, contest: Contest, admission: Admission) -> Selection:
        """Where some will be, the current pin is kept until then. Where none will, `on_empty` says whether it is."""
        if admission.ends():
            others = [one for one in admission.waiting if one.tag != contest.runs]
            none = "none may be deployed yet"
            reason = f"{none}: {named(others, descending=contest.ranking.descending)}"
            if not others:
                reason = f"{contest.runs} is deployed already, and there is no other"
            return self._nothing(reason, none, change=next_change(admission.coming(contest.runs)))
        none = none_of(len(self.listing))
        reason = none + commonest(self.rejected)
        if self.policy.on_empty == "keep" and self.current is not None:
            return self._nothing(f"on_empty is keep, and {reason}")
        return Selection(None, reason, none, warnings=self.policy.warnings, by_reason=self.rejected)

    def _nothing(
        self, reason: str, none: str = "", *, warnings: Sequence[str] | None = None, change: Change | None = None
    ) -> Selection:
        """The current pin stays as it is; *none* is said in short where there is no pin."""
        keep = self.current is not None
        summary = f"keeps {self.current}" if keep else none
        warnings = self.policy.warnings if warnings is None else warnings
        return Selection(None, reason, summary, keep, warnings, change=change, by_reason=self.rejected)
