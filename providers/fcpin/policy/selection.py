"""The answer of a policy: the tag that it chose, and every other tag with the reason why it did not."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from fcpin.image import TagRecord
from fcpin.policy.hold import Hold

_SHOWN = 80


class Rejection(NamedTuple):
    """A tag that was not chosen, and why."""

    tag: str
    reason: str


class Change(NamedTuple):
    """When time alone may change an answer, and what happens then: `min_age 2h has passed`."""

    at: datetime
    when: str


@dataclass(frozen=True)
class Selection:
    """Either a tag is chosen, or the current pin is kept (`keep`), or no tag qualifies."""

    chosen: TagRecord | None
    reason: str
    """Why this tag, why the current pin is kept, or why no tag qualifies. One line."""
    summary: str
    """One short line for an output: `newest of 37 of 212 tags by push time`."""
    keep: bool = False
    """The current pin stays as it is, tag and digest; `chosen` is None."""
    warnings: Sequence[str] = ()
    hold: Hold | None = None
    """The hold that chose the tag, if one did: `hold.check` is for its record as it is resolved."""
    by: str = ""
    """What the order compared, such as `push time`; empty where it did not decide. See `Ranking.select`."""
    change: Change | None = None
    """The next moment at which another answer may come without another push."""
    explain: Callable[[], Iterable[Rejection]] = field(default=tuple, compare=False, repr=False)
    """Makes the rejections. They cost more than the choice, and few read them."""

    @cached_property
    def rejected(self) -> Sequence[Rejection]:
        """Every tag of the listing but the chosen one, in alphabetical order; over-long names shortened."""
        return sorted(Rejection(_short(tag), reason) for tag, reason in self.explain())

    @property
    def counts(self) -> Mapping[str, int]:
        """How many tags were not chosen for each reason, the commonest first."""
        return counts(self.rejected)


def counts(rejected: Iterable[Rejection]) -> Mapping[str, int]:
    """How many tags each reason has, the commonest first."""
    found = Counter(reason for _, reason in rejected)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _short(tag: str) -> str:
    return tag if len(tag) <= _SHOWN * 2 else f"{tag[:_SHOWN]}… ({len(tag)} characters)"
