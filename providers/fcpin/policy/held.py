"""The answer while a hold is active: the policy only decides between tags of the held digest."""

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord
from fcpin.policy.candidate import last_pushed
from fcpin.policy.contest import Contest
from fcpin.policy.hold import Hold
from fcpin.policy.outcome import Outcome
from fcpin.policy.selection import Change, Selection
from fcpin.policy.times import iso

if TYPE_CHECKING:
    from fcpin.policy.policy import Policy


def held(policy: "Policy", hold: Hold, listing: Mapping[str, TagRecord], current: str | None) -> Selection:
    """The tag that *hold* names, or the best of those that have its digest. Raises InvalidPolicy if there is none."""
    records = {record.tag: record for record in hold.among(listing)}
    chosen = records.get(current or "") or _best(policy, records, current)
    said = hold.at(chosen.tag)
    others = [tag for tag in listing if tag != chosen.tag]
    rejected = {f"{chosen.tag} is held until {iso(hold.until)}": others} if others else {}
    change = Change(hold.until, "the hold ends")
    return Selection(chosen, said, said, warnings=policy.warnings, hold=hold, change=change, by_reason=rejected)


def _best(policy: "Policy", listing: Mapping[str, TagRecord], current: str | None) -> TagRecord:
    """The newest by the order; where that says nothing the one pushed last, then the greatest name."""
    with suppress(InvalidPolicy):  # no current tag to take the family from
        contest = Contest.of(policy.order, policy.filters, listing, current, {})
        ranked = contest.rank({})
        if ranked.tags:
            return Outcome.of(ranked, contest.ranking, current).winner
    return max(listing.values(), key=last_pushed)
