"""A policy: a family of tags and an order, and the decision between them.

The rules, in the order in which they decide:

0. What is suspended stays as it is. Else an active hold decides alone (see hold.py).
1. What is no image of the family never takes part: filters first, then the order's own membership.
2. What is too young, or lacks the conversion that is wanted, waits. A deployed tag stays: nothing is taken back for it.
3. Newest is the greatest key of the order. Among equals: the one pushed last, then the one whose name is greatest;
   if the current tag is one of them and all the same image, it stays.
4. A tag older than the current one is not chosen without `allow_downgrade`, even if the current one is gone. If nobody
   can say which is older, the current pin is kept. A current tag that is no relative is no measure: the user changed
   the policy.
5. Where all wait, the current pin is kept. Where none qualifies, `on_empty` says whether it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord
from fcpin.policy import spec as specification
from fcpin.policy.accelerated import IGNORED, Acceleration, Conversions, original
from fcpin.policy.candidate import Reason
from fcpin.policy.downgrade import behind, doubt
from fcpin.policy.filters import Filters
from fcpin.policy.hold import Hold
from fcpin.policy.min_age import MinAge
from fcpin.policy.order import Order
from fcpin.policy.outcome import Outcome, Ranked
from fcpin.policy.selection import Selection, none_qualifies, none_yet
from fcpin.policy.suspend import suspended
from fcpin.policy.times import iso
from fcpin.policy.waiting import Admission, Gate

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

DEFAULT_PLATFORM = "linux/amd64"
"""Function Compute runs nothing else."""


@dataclass(frozen=True)
class Policy:
    """Which tag of a repository to deploy. One that exists is valid."""

    order: Order
    filters: Filters
    allow_downgrade: bool = False
    on_empty: str = "fail"
    """`fail` or `keep`."""
    platform: str = DEFAULT_PLATFORM
    """What the chosen image must run on. For whoever resolves it: `select` sees no platforms."""
    min_age: MinAge | None = None
    acceleration: Acceleration = IGNORED
    hold: Hold | None = None
    suspend: bool = False
    """Whether the current pin stays whatever else is asked for, a hold included. Then `select` needs no tags."""

    @classmethod
    def from_spec(cls, spec: Mapping[str, object]) -> Self:
        """Read the dictionary that docs/policies describes. Raises InvalidPolicy with everything that is wrong.

        >>> policy = Policy.from_spec({"policy": {"semver": {"range": "1.x"}}})
        >>> policy.select([TagRecord("v1.2.0"), TagRecord("v2.0.0")]).chosen.tag
        'v1.2.0'
        """
        read = specification.read(spec)
        return cls(
            read.order,
            read.filters,
            read.allow_downgrade,
            read.on_empty,
            read.platform,
            read.min_age,
            read.acceleration,
            read.hold,
            read.suspend,
        )

    @property
    def warnings(self) -> Sequence[str]:
        """What the user should know before relying on this policy."""
        return (*self.order.warnings, *self.filters.warnings)

    def select(
        self,
        tags: Iterable[TagRecord],
        *,
        current: str | None = None,
        now: datetime | None = None,
        bypass_min_age: bool = False,
    ) -> Selection:
        """The newest of *tags* while *current* is deployed, and a reason for every other one.

        The answer does not depend on the order of *tags*. *now* is needed by a policy with `hold` or an age.
        *bypass_min_age* is for one run, and said in the reason. Raises InvalidPolicy if the policy takes its family
        from the current tag and there is none, for a hold at what is not there, when there is no current tag to be
        suspended at, and when the registry gives no push times for `min_age` to go by.
        """
        listing = _unique(tags)
        if self.suspend:
            return suspended(listing, current, self.hold)
        hold = self.active_hold(now)
        if hold is not None:
            return self._held(hold, listing, current)
        selection = self._decide(listing, current, now, bypass_min_age=bypass_min_age)
        if self.hold is not None:
            return replace(selection, warnings=(self.hold.epitaph, *selection.warnings))
        return selection

    def active_hold(self, now: datetime | None) -> Hold | None:
        """The hold that decides at *now*, if one does."""
        return None if self.hold is None or self.hold.is_over(_known(now)) else self.hold

    def _held(self, hold: Hold, listing: Mapping[str, TagRecord], current: str | None) -> Selection:
        records = {record.tag: record for record in hold.among(listing)}
        chosen = records.get(current or "") or self._best_of(list(records.values()), current)
        said = hold.at(chosen.tag)
        others = [tag for tag in listing if tag != chosen.tag]
        rejected = {f"{chosen.tag} is held until {iso(hold.until)}": others} if others else {}
        return Selection(chosen, said, said, False, self.warnings, hold, rejected)

    def _best_of(self, records: Sequence[TagRecord], current: str | None) -> TagRecord:
        """The newest of *records* by the order; where that says nothing the one pushed last, then the greatest name."""
        with suppress(InvalidPolicy):  # no current tag to take the family from
            candidates = self.filters.apply(records, {})
            ranking = self.order.ranking(candidates, self._value(current))
            ranked = Ranked.of(candidates, ranking, {})
            if ranked.records:
                return Outcome.of(ranked, ranking, current).winner
        return max(records, key=lambda record: (record.pushed or _LONG_AGO, record.tag))

    def _decide(
        self, listing: Mapping[str, TagRecord], current: str | None, now: datetime | None, *, bypass_min_age: bool
    ) -> Selection:
        rejected: dict[str, list[str]] = {}
        candidates = self.filters.apply(list(listing.values()), rejected)
        runs, value = current and original(current), self._value(current)
        ranking = self.order.ranking(candidates, value)
        conversions = Conversions(self.acceleration, listing)
        gates = self._gates(conversions, bypass_min_age=bypass_min_age)
        ranked = Ranked.of(candidates, ranking, rejected)
        admission = Admission.of(ranked, gates, _known(now)) if gates else Admission(ranked)
        rejected.update(admission.rejections())
        if not admission.ready.records:
            if reason := admission.not_yet(runs, descending=ranking.descending):
                return none_yet(reason, rejected, current, self.warnings)
            kept = current if self.on_empty == "keep" else None
            return none_qualifies(rejected, len(listing), kept, self.warnings)
        outcome = Outcome.of(admission.ready, ranking, runs)
        warnings = (*self.warnings, *admission.news(outcome.key, runs, descending=ranking.descending))
        held = None
        if runs is not None and value is not None:
            held = behind(outcome, admission.key_of(runs), runs, descending=ranking.descending)
            if held is None and not self.allow_downgrade:
                held = doubt(outcome, ranking, runs, value, listing)
        if held is not None:
            rejected.setdefault(held.of_each, []).extend(record.tag for record in admission.ready.records)
            return Selection(None, held.reason, f"keeps {current}", True, warnings, None, rejected)
        rejected.update(outcome.rejections())
        chosen, note = conversions.instead_of(outcome.winner, rejected)
        if self.min_age is not None and bypass_min_age:
            note += f"; min_age {self.min_age.text} bypassed"
        total, already = len(listing), chosen.tag == current
        reason, summary = outcome.reason(total, already=already) + note, outcome.summary(total) + note
        return Selection(chosen, reason, summary, False, warnings, None, rejected)

    def _gates(self, conversions: Conversions, *, bypass_min_age: bool) -> Sequence[Gate]:
        age = () if self.min_age is None or bypass_min_age else (self.min_age,)
        return (*age, conversions) if self.acceleration.holds_back else age

    def needs_created(
        self, tags: Iterable[TagRecord], current: str | None = None, *, now: datetime | None = None
    ) -> Sequence[str]:
        """The tags that can only be ordered by build time, and do not have it yet, in alphabetical order.

        Empty when the policy orders by anything else. The caller asks the registry for them and passes records with
        `created` filled in. Raises InvalidPolicy as `select` does.
        """
        if self.suspend or self.active_hold(now) is not None:
            return ()
        listing = _unique(tags)
        candidates = self.filters.apply(list(listing.values()), {})
        ranking = self.order.ranking(candidates, self._value(current))
        if not ranking.reads_created:
            return ()
        pairs = zip(candidates.values, candidates.records, strict=True)
        return sorted(record.tag for value, record in pairs if record.created is None and ranking.belongs(value))

    def _value(self, current: str | None) -> str | None:
        """What is compared for the current tag; None if there is none or the filters leave it out."""
        value = None if current is None else self.filters.value(original(current))
        return None if isinstance(value, Reason) else value


def _known(now: datetime | None) -> datetime:
    if now is None:
        raise ValueError("this policy goes by time: tell it the time (now=…)")
    return now


def _unique(tags: Iterable[TagRecord]) -> Mapping[str, TagRecord]:
    """Each tag once: of two records of one name the one pushed last."""
    records = list(tags)
    found = {record.tag: record for record in records}
    if len(found) != len(records):
        records.sort(key=lambda record: (record.pushed or _LONG_AGO, record.created or _LONG_AGO, record.digest or ""))
        found = {record.tag: record for record in records}
    return found
