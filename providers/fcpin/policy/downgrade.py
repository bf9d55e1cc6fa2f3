"""Never go back: a tag older than the current one is not chosen, even if the current one is gone."""

from collections.abc import Mapping
from dataclasses import dataclass

from fcpin.image import TagRecord
from fcpin.policy.candidate import Key, Reason
from fcpin.policy.newest import ByPushTime
from fcpin.policy.order import Ranking
from fcpin.policy.outcome import Outcome

_WAY_OUT = "allow_downgrade: true would deploy it"


@dataclass(frozen=True)
class Doubt:
    """Why the current pin is kept."""

    reason: str
    of_each: str
    """The reason why each of the candidates was not chosen."""


def doubt(
    outcome: Outcome, ranking: Ranking, current: str, value: str, listing: Mapping[str, TagRecord], chosen_by: str
) -> Doubt | None:
    """Why the winner must not replace *current*, or None if it may.

    *value* is what is compared for *current*, *chosen_by* what it was chosen by. A current tag that does not belong to
    the ranking at all is no measure: the user changed the policy.
    """
    newest = outcome.winner.tag
    if newest == current or not ranking.belongs(value):
        return None
    if lost_push_times(ranking, chosen_by):
        return Doubt(
            f"{newest} cannot be shown to be newer than {current}, which was chosen by push time: the registry gives "
            f"no push times now; {_WAY_OUT}",
            f"cannot be shown to be newer than {current}",
        )
    gone = current not in listing
    lead = f"{current} is no longer listed, and " if gone else ""
    place = ranking.place(value, listing.get(current, TagRecord(current)))
    if isinstance(place, Reason):
        unknown = "" if gone else f": {current} {place}"
        return Doubt(
            f"{lead}{newest} cannot be shown to be newer than {current} by {outcome.by}{unknown}; {_WAY_OUT}",
            f"cannot be shown to be newer than {current}",
        )
    if _is_older(outcome.key, place, descending=ranking.descending):
        return Doubt(
            f"{lead}{newest}, the newest that qualifies, is older than {current} by {outcome.by}; {_WAY_OUT}",
            f"is older than {current} by {outcome.by}",
        )
    return None


def lost_push_times(ranking: Ranking, chosen_by: str) -> bool:
    """Whether the current tag was *chosen_by* push time, and the candidates have none."""
    return ranking.lacks_push_times and chosen_by == ByPushTime.by


def behind(outcome: Outcome, waiting: Key | None, current: str, *, descending: bool) -> Doubt | None:
    """Why a deployed tag that would have to wait today stays, or None if it does not wait or something newer is ready.

    *waiting* is its key, if it waits. No leave to go back changes this: nobody asked to go back, time did.
    """
    if waiting is None or not _is_older(outcome.key, waiting, descending=descending):
        return None
    return Doubt(
        f"{current} is deployed already, and {outcome.winner.tag}, the newest that may be deployed yet, "
        f"is older by {outcome.by}",
        f"is older than {current} by {outcome.by}",
    )


def _is_older(key: Key, place: Key, *, descending: bool) -> bool:
    return place < key if descending else key < place
