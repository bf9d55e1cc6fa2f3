"""Select the tag to deploy. The rules, in the order in which they decide:

0. What is suspended stays as it is. Else an active hold decides alone (see hold.py).
1. What is no image of the family is never a candidate: filters first, then the order's own membership.
2. A candidate that is too young, or has no conversion where one is wanted, waits (see gates.py). A deployed tag stays,
   however young it is.
3. Newest is the greatest key of the order. Among equals: the one pushed last, then the one whose name is greatest;
   if the current tag is one of them and all the same image, it stays.
4. A tag older than the current one is not chosen without `allow_downgrade`, even if the current one is gone. If nothing
   shows which is older, the current pin is kept. A current tag that the order does not include is no measure: the user
   changed the policy.
5. Where all wait, the current pin is kept. Where none qualifies, `on_empty` decides whether it is.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from itertools import islice
from operator import itemgetter
from threading import Lock
from typing import Final, NamedTuple

from fcpin.errors import InvalidPolicy, Problem
from fcpin.image import TagRecord, original
from fcpin.policy.filters import Filters
from fcpin.policy.gates import Wait
from fcpin.policy.hold import Hold
from fcpin.policy.orders import ByPushTime, Candidate, Key, Order, Reason, Row
from fcpin.policy.policy import Policy, known
from fcpin.policy.selection import Change, Rejection, Selection, counts
from fcpin.policy.times import iso

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_MOST_NAMED: Final = 3
_MOST_REASONS: Final = 3
_ALLOW: Final = "allow_downgrade: true would deploy it"

_key_of = itemgetter(0)


class Waiting(NamedTuple):
    """A tag that may not be deployed yet."""

    key: Key
    tag: str
    wait: Wait


@dataclass(frozen=True, slots=True)
class Ordered:
    """The candidates of one family, or of the whole listing, in their order."""

    scope: str
    order: Order
    rows: Sequence[Row]
    by: str
    """What the order compares, as users read it."""
    lacks_push_times: bool
    """Whether it would compare push times if the candidates had any."""
    without_build_time: Sequence[str]
    """Tags that only their missing build time keeps out, in alphabetical order."""

    def is_newer(self, key: Key, other: Key) -> bool:
        return key < other if self.order.descending else other < key

    def newest_first(self, waiting: Iterable[Waiting]) -> Sequence[Waiting]:
        return sorted(waiting, key=_key_of, reverse=not self.order.descending)


@dataclass(frozen=True, slots=True)
class Ready:
    """What of it may be deployed at a moment."""

    rows: Sequence[Row]
    waiting: Sequence[Waiting]
    """In alphabetical order of their tags."""
    best: Key | None
    equals: Sequence[TagRecord]
    """The records with the best key; none where all wait."""
    coming: Sequence[Waiting]
    """Those that will be newer than the best as soon as they may be deployed, the newest first."""


@dataclass(frozen=True, slots=True)
class Current:
    """The deployed tag."""

    tag: str | None
    """As FC runs it."""
    original: str | None
    """The same; of a conversion its original."""
    value: str | None
    """What the order compares for it; None if the filters leave it out."""
    by: str
    """What it was chosen by; empty where that is not known."""


class Doubt(NamedTuple):
    """Why the winner must not replace the current tag."""

    reason: str
    of_each: str
    """The reason for each candidate."""


class Ranking:
    """The tags of one repository, filtered and ordered by one policy. Functions that share both share the work.

    Safe to share between threads.

    >>> policy = Policy.from_spec({"policy": {"semver": {"range": "1.x"}}})
    >>> Ranking(policy, [TagRecord("v1.2.0"), TagRecord("v2.0.0")]).select().chosen.tag
    'v1.2.0'
    """

    def __init__(self, policy: Policy, tags: Iterable[TagRecord]) -> None:
        self.policy = policy
        self.listing = by_name(tags)
        self._order_of_policy = policy.order
        self._acceleration = policy.acceleration
        self._is_gated = bool(policy.gates())
        self._filters = Filters(policy.filter_tags, policy.allow_tags, policy.ignore_tags)
        self._lock = Lock()
        self._currents: dict[str | None, Current] = {}
        self._ordered: dict[str, Ordered] = {}
        self._ready: dict[tuple[str, datetime | None, bool], Ready] = {}
        self._selections: dict[tuple[str | None, str, datetime | None, bool], Selection] = {}

    def select(
        self,
        current: str | None = None,
        *,
        current_by: str = "",
        now: datetime | None = None,
        min_age_bypass: bool = False,
    ) -> Selection:
        """The tag to deploy while *current* is deployed, or why none is.

        *current_by* is the `by` of the selection that chose *current*; empty where it is not known. A policy that
        `needs_now` needs *now*. *min_age_bypass* is for one run, and the reason names it. The answer does not depend on
        the order of the listing.

        Raises InvalidPolicy if the policy takes its family from the current tag and there is none, for a hold at what
        is not there, when there is no current tag to be suspended at, and when the registry gives no push times for
        `min_age` to go by.
        """
        inputs = (current, current_by, now, min_age_bypass)
        with self._lock:
            if inputs not in self._selections:
                self._selections[inputs] = self._select(*inputs)
            return self._selections[inputs]

    def needs_build_times(self, current: str | None = None, *, now: datetime | None = None) -> Sequence[str]:
        """The tags that can only be ordered by their build time, and do not have it yet, in alphabetical order.

        Empty when the policy orders by anything else. Raises InvalidPolicy as `select` does.
        """
        if self.policy.suspend or (self.policy.hold and self.policy.active_hold(now)):
            return ()
        with self._lock:
            return self._order(self._current(current).value).without_build_time

    def with_build_times(self, created: Mapping[str, datetime]) -> "Ranking":
        """The same with the build times that were looked up, by tag."""
        records = self.listing.values()
        return Ranking(
            self.policy,
            [replace(each, created=created[each.tag]) if each.tag in created else each for each in records],
        )

    @cached_property
    def _candidates(self) -> Sequence[Candidate]:
        """Rule 1, the filters."""
        return self._filters.candidates(self.listing.values())

    def _order(self, current: str | None) -> Ordered:
        """Rule 1, the order's membership. *current* is what is compared for the current tag."""
        scope = self._order_of_policy.scope(current)
        if scope not in self._ordered:
            members = self._order_of_policy.members(scope, self._candidates)
            order = self._order_of_policy.bind(scope, members)
            missing = (record.tag for _, record in members if order.needs_build_time(record))
            without = sorted(missing) if order.reads_build_times else []
            rows = order.rows(members)
            self._ordered[scope] = Ordered(scope, order, rows, order.measure, order.lacks_push_times, without)
        return self._ordered[scope]

    def _gated(self, ordered: Ordered, now: datetime | None, min_age_bypass: bool) -> Ready:
        """Rule 2, and those that tie for the newest."""
        key = (ordered.scope, now, min_age_bypass)
        if key not in self._ready:
            ready, waiting = self._admit(ordered, now, min_age_bypass)
            best = (min if ordered.order.descending else max)(map(_key_of, ready), default=None)
            coming = [one for one in waiting if one.wait.until is not None]
            if best is not None:
                coming = [one for one in coming if ordered.is_newer(one.key, best)]
            self._ready[key] = Ready(
                ready, waiting, best, [record for key, record in ready if key == best], ordered.newest_first(coming)
            )
        return self._ready[key]

    def _admit(
        self, ordered: Ordered, now: datetime | None, min_age_bypass: bool
    ) -> tuple[Sequence[Row], Sequence[Waiting]]:
        gates = self.policy.gates(min_age_bypass=min_age_bypass) if self._is_gated else ()
        if not gates:
            return ordered.rows, ()
        moment = known(now)
        for gate in gates:
            gate.check(record for _, record in ordered.rows)
        waits = [gate.waits(self.listing, moment) for gate in gates]
        ready, waiting = [], []
        for row in ordered.rows:
            record = row[1]
            for wait_of in waits:
                if (wait := wait_of(record)) is not None:
                    waiting.append(Waiting(row[0], record.tag, wait))
                    break
            else:
                ready.append(row)
        return ready, sorted(waiting, key=lambda one: one.tag)

    def _current(self, tag: str | None, by: str = "") -> Current:
        if tag not in self._currents:
            name = None if tag is None else original(tag)
            value = None if name is None else self._filters.value(TagRecord(name))
            self._currents[tag] = Current(tag, name, None if isinstance(value, Reason) else value, "")
        return replace(self._currents[tag], by=by)

    def _select(self, current: str | None, current_by: str, now: datetime | None, min_age_bypass: bool) -> Selection:
        if self.policy.suspend:
            return self._suspended(current)
        hold = self.policy.hold
        if hold is not None and self.policy.active_hold(now):
            return self._held(hold, current)
        selection = self._decide(self._current(current, current_by), now, min_age_bypass)
        return selection if hold is None else replace(selection, warnings=(hold.expiry_warning, *selection.warnings))

    def _suspended(self, current: str | None) -> Selection:
        """Rule 0."""
        hold = self.policy.hold
        if current is None:
            raise InvalidPolicy(Problem("suspend", "requires a deployed pin, and none exists; remove it"))
        also = "" if hold is None else f", and so is its hold at {hold.tag or hold.digest}"
        return Selection(
            None,
            f"it is suspended (suspend: true){also}",
            f"keeps {current}, suspended",
            keep=True,
            explain=partial(_each, self.listing, "was not considered: suspend is true"),
        )

    def _held(self, hold: Hold, current: str | None) -> Selection:
        """Rule 0: the tag that *hold* names, or the best of those that have its digest."""
        records = {record.tag: record for record in hold.among(self.listing)}
        chosen = records.get(current or "")
        if chosen is None:
            with suppress(InvalidPolicy):  # no current tag to take the family from
                chosen = Ranking(self.policy, records.values()).best(current)
        chosen = chosen or max(records.values(), key=_last_pushed)
        others = [tag for tag in self.listing if tag != chosen.tag]
        reason = hold.at(chosen.tag)
        return Selection(
            chosen,
            reason,
            reason,
            warnings=self.policy.warnings,
            hold=hold,
            change=Change(hold.until, "the hold ends"),
            explain=partial(_each, others, f"{chosen.tag} is held until {iso(hold.until)}"),
        )

    def best(self, current: str | None) -> TagRecord | None:
        """The newest by the order alone, whatever its age."""
        ordered = self._order(self._current(current).value)
        if not ordered.rows:
            return None
        best = (min if ordered.order.descending else max)(map(_key_of, ordered.rows))
        return max((record for key, record in ordered.rows if key == best), key=_last_pushed)

    def _decide(self, current: Current, now: datetime | None, min_age_bypass: bool) -> Selection:
        """Rules 3 to 5."""
        ordered = self._order(current.value)
        ready = self._gated(ordered, now, min_age_bypass)
        if ready.best is None:
            return self._none_ready(ordered, ready, current)
        winner = _winner(ready.equals, current.original)
        coming = [one for one in ready.coming if one.tag != current.original]
        warnings = self.policy.warnings
        if coming:
            warnings = (*warnings, f"not deployed yet: {_named(coming)}")
        change = _next_change(coming)
        lost = ordered.lacks_push_times and current.by == ByPushTime.measure
        doubt = self._behind(ordered, ready, winner, current)
        doubt = doubt or self._downgrade(ordered, ready.best, winner, current, has_lost_push_times=lost)
        if doubt is not None:
            explain = partial(self._rejections, ordered, ready, lambda _: doubt.of_each)
            return self._keep(doubt.reason, current, explain, warnings=warnings, change=change)
        ties = sorted((record for record in ready.equals if record is not winner), key=lambda record: record.tag)
        by = ordered.by
        summary = _summary(len(ready.rows), len(self.listing), by)
        conversion = self._acceleration.conversion(winner, self.listing) if self._acceleration else None
        chosen = conversion or winner
        note = self._note(conversion, min_age_bypass)
        is_current = chosen.tag == current.tag
        reason = f"already the {summary.removeprefix('the ')}" if is_current else summary
        return Selection(
            chosen,
            reason + _tie_note(winner, ties) + note,
            summary + note,
            warnings=warnings,
            by=current.by if is_current and lost else by,
            change=change,
            explain=partial(
                self._rejections,
                ordered,
                ready,
                partial(_why_beaten, winner, conversion, {record.tag for record in ties}, by),
                chosen.tag,
            ),
        )

    def _note(self, conversion: TagRecord | None, min_age_bypass: bool) -> str:
        note = ""
        if conversion is not None:
            note = f"; as {conversion.tag}"
        elif self.policy.accelerated == "prefer":
            note = "; it has no accelerated image"
        if self.policy.min_age is not None and min_age_bypass:
            note += f"; min_age {self.policy.min_age.text} bypassed"
        return note

    def _behind(self, ordered: Ordered, ready: Ready, winner: TagRecord, current: Current) -> Doubt | None:
        """Rule 2: a deployed tag that would have to wait now stays. `allow_downgrade` does not change this: the user
        did not want to go back, time passed."""
        if current.value is None or not ready.waiting:
            return None
        key = next((one.key for one in ready.waiting if one.tag == current.original), None)
        if key is None or not ordered.is_newer(key, ready.best):  # type: ignore[arg-type]
            return None
        by = ordered.by
        return Doubt(
            f"{current.original} is deployed already, and {winner.tag}, the newest that may be deployed now, "
            f"is older by {by}",
            f"is older than {current.original} by {by}",
        )

    def _downgrade(
        self, ordered: Ordered, best: Key, winner: TagRecord, current: Current, *, has_lost_push_times: bool
    ) -> Doubt | None:
        """Rule 4."""
        tag, value, order = current.original, current.value, ordered.order
        if self.policy.allow_downgrade or tag is None or value is None or winner.tag == tag:
            return None
        if not order.includes(value):
            return None
        unknown = f"cannot be shown to be newer than {tag}"
        if has_lost_push_times:
            return Doubt(
                f"{winner.tag} {unknown}, which was chosen by push time: the registry returns no push times now; "
                f"{_ALLOW}",
                unknown,
            )
        is_gone = tag not in self.listing
        lead = f"{tag} is no longer listed, and " if is_gone else ""
        position = order.position(value, self.listing.get(tag, TagRecord(tag)))
        if isinstance(position, Reason):
            why = "" if is_gone else f": {tag} {position}"
            return Doubt(f"{lead}{winner.tag} {unknown} by {ordered.by}{why}; {_ALLOW}", unknown)
        if ordered.is_newer(position, best):
            older = f"is older than {tag} by {ordered.by}"
            return Doubt(f"{lead}{winner.tag}, the newest that qualifies, {older}; {_ALLOW}", older)
        return None

    def _none_ready(self, ordered: Ordered, ready: Ready, current: Current) -> Selection:
        """Rule 5."""
        explain = partial(self._rejections, ordered, ready, str)
        if ready.coming:
            coming = [one for one in ready.coming if one.tag != current.original]
            others = ordered.newest_first(one for one in ready.waiting if one.tag != current.original)
            none = "none may be deployed yet"
            reason = f"{none}: {_named(others)}"
            if not others:
                reason = f"{current.original} is deployed already, and is the only one"
            return self._keep(reason, current, explain, none, change=_next_change(coming))
        none = _none_of(len(self.listing))
        reason = none + _commonest(explain())
        if self.policy.on_empty == "keep" and current.tag is not None:
            return self._keep(f"on_empty is keep, and {reason}", current, explain)
        return Selection(None, reason, none, warnings=self.policy.warnings, explain=explain)

    def _keep(
        self,
        reason: str,
        current: Current,
        explain: Callable[[], Iterable[Rejection]],
        none: str = "",
        *,
        warnings: Sequence[str] | None = None,
        change: Change | None = None,
    ) -> Selection:
        """The current pin stays as it is; *none* is the summary where there is no pin."""
        keep = current.tag is not None
        summary = f"keeps {current.tag}" if keep else none
        warnings = self.policy.warnings if warnings is None else warnings
        return Selection(None, reason, summary, keep, warnings, change=change, explain=explain)

    def _rejections(
        self, ordered: Ordered, ready: Ready, why_ready: Callable[[TagRecord], str], chosen: str | None = None
    ) -> Iterator[Rejection]:
        """Every tag but *chosen* with the rule that it fails; *why_ready* answers for those that may be deployed."""
        waits = {one.tag: one.wait.reason for one in ready.waiting}
        order, included = ordered.order, {record.tag for _, record in ordered.rows}
        for record in self.listing.values():
            tag, value = record.tag, self._filters.value(record)
            if tag == chosen:
                continue
            if isinstance(value, Reason):
                reason: str = value
            elif tag not in included:
                reason = order.missing_key_reason(value, record)
            else:
                reason = waits.get(tag) or why_ready(record)
            yield Rejection(tag, reason)


def could_select(policy: Policy, tag: str, current: str | None = None) -> bool:
    """Whether a push of *tag* may change what is deployed while *current* is, from names alone.

    False only when no listing could make the policy choose it, at no time; True always for *current*, which was moved
    then. What is suspended takes nothing. With `follow` it is the tag that the other stack was last seen to run.
    """
    if policy.suspend:
        return False
    if tag == current or (policy.hold is not None and policy.hold.tag in (None, tag)):
        return True
    name = tag if policy.accelerated == "ignore" else original(tag)
    ranking = Ranking(policy, [TagRecord(name, pushed=LONG_AGO, created=LONG_AGO)])
    with suppress(InvalidPolicy):  # no current tag to take the family from: the deployment reports that
        return ranking.best(current) is not None
    return True


def by_name(tags: Iterable[TagRecord]) -> Mapping[str, TagRecord]:
    """The tags by their names; of two records of one name the one pushed last."""
    records = list(tags)
    found = {record.tag: record for record in records}
    if len(found) < len(records):
        for record in records:
            if record is not (other := found[record.tag]):
                found[record.tag] = max(other, record, key=_age)
    return found


def _winner(equals: Sequence[TagRecord], current: str | None) -> TagRecord:
    """Rule 3."""
    winner = max(equals, key=_last_pushed)
    for record in equals:
        if record.tag == current and _is_same_image(record, winner):
            return record
    return winner


def _why_beaten(
    winner: TagRecord, conversion: TagRecord | None, ties: Collection[str], by: str, record: TagRecord
) -> str:
    if record is winner and conversion is not None:
        return f"is deployed as {conversion.tag}"
    if record.tag not in ties:
        return f"is not the newest by {by}: {winner.tag} is"
    if _is_same_image(record, winner):
        return f"is the same image as {winner.tag}"
    why = "was pushed earlier" if _pushed(record) < _pushed(winner) else "its name is smaller"
    return f"ties with {winner.tag} by {by} and {why}"


def _tie_note(winner: TagRecord, ties: Sequence[TagRecord]) -> str:
    rivals = [record for record in ties if not _is_same_image(record, winner)]
    if not rivals:
        return ""
    is_last = all(_pushed(record) < _pushed(winner) for record in rivals)
    names = _listed([record.tag for record in rivals], len(rivals))
    return f"; ties with {names}, {'pushed last' if is_last else 'greatest name'}"


def _next_change(waiting: Iterable[Waiting]) -> Change | None:
    """When the first of *waiting* has waited long enough."""
    changes = (Change(one.wait.until, one.wait.over) for one in waiting if one.wait.until is not None)
    return min(changes, default=None)


def _named(waiting: Sequence[Waiting]) -> str:
    """`main-13 matures at …, main-12 … and 4 more`."""
    return _listed([f"{one.tag} {one.wait.reason}" for one in islice(waiting, _MOST_NAMED)], len(waiting))


def _listed(names: Sequence[str], total: int) -> str:
    more = f" and {total - _MOST_NAMED} more" if total > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _summary(count: int, total: int, by: str) -> str:
    """`newest of 37 of 212 tags by push time`."""
    if count > 1:
        return f"newest of {count} of {total} tags by {by}"
    return "the only tag" if total == 1 else f"the only one of {total} tags that qualifies"


def _none_of(total: int) -> str:
    if not total:
        return "the repository has no tags"
    return f"none of {total} tags qualifies" if total > 1 else "the only tag does not qualify"


def _commonest(rejected: Iterable[Rejection]) -> str:
    """` (2: is not a version X.Y.Z; 1: is outside 1.x)`, or nothing."""
    parts = [f"{count}: {reason}" for reason, count in islice(counts(rejected).items(), _MOST_REASONS)]
    return f" ({'; '.join(parts)})" if parts else ""


def _each(tags: Iterable[str], reason: str) -> Iterator[Rejection]:
    return (Rejection(tag, reason) for tag in tags)


def _is_same_image(one: TagRecord, other: TagRecord) -> bool:
    return one.digest is not None and one.digest == other.digest


def _pushed(record: TagRecord) -> datetime:
    return record.pushed or LONG_AGO


def _last_pushed(record: TagRecord) -> tuple[datetime, str]:
    """What decides between equals: the push time, then the name. Without a push time a tag counts as the earliest."""
    return _pushed(record), record.tag


def _age(record: TagRecord) -> tuple[datetime, datetime, str, str]:
    return (_pushed(record), record.created or LONG_AGO, record.digest or "", record.status)
