"""What the next deployments would be if nothing else is pushed: holds end, tags mature."""

from collections.abc import Iterator
from dataclasses import dataclass

from fcpin.errors import InvalidPolicy
from fcpin.policy.select import Ranking
from fcpin.policy.selection import Change, Selection

_MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class Step:
    """A moment at which another tag is to be deployed, or none can be."""

    change: Change
    tag: str | None
    why: str
    """Why this tag, or why none."""


def forecast(ranking: Ranking, selection: Selection, current: str | None) -> Iterator[Step]:
    """The steps after *selection*, which *ranking* answered while *current* was deployed; five at most."""
    change = selection.change
    current = selection.chosen.tag if selection.chosen else current
    for _ in range(_MOST_STEPS):
        if change is None:
            return
        step, following = _at(ranking, change, current)
        if step is not None:
            yield step
            current = step.tag
        change = following


def _at(ranking: Ranking, change: Change, current: str | None) -> tuple[Step | None, Change | None]:
    try:
        if ranking.needs_build_times(current, now=change.at):
            return Step(change, None, "its order compares build times, which are read only then"), None
        selection = ranking.select(current, now=change.at)
    except InvalidPolicy as error:
        return Step(change, None, str(error)), None
    chosen = selection.chosen
    if selection.keep or (chosen is not None and chosen.tag == current):
        return None, selection.change
    return Step(change, chosen.tag if chosen else None, selection.reason), selection.change
