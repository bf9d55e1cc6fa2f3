"""The answer of a policy: the tag that it chose, and every other tag with the reason why it did not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from fcpin.image import TagRecord
from fcpin.policy.candidate import Rejection
from fcpin.policy.hold import Hold

_SHOWN = 80
_MOST_REASONS = 3


class Change(NamedTuple):
    """When time alone may change an answer, and what is so then: `min_age 2h has passed`."""

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
    """What chose the tag, when it was not the policy: `hold.check` is for its record as it is resolved."""
    by: str = ""
    """What the order compared, such as `push time`; empty where it did not decide. See `Policy.select`."""
    change: Change | None = None
    """The next moment at which another answer may come without another push."""
    by_reason: Mapping[str, Sequence[str]] = field(default_factory=dict, compare=False, repr=False)
    """The other tags, by the reason why they were not chosen."""

    @cached_property
    def rejected(self) -> Sequence[Rejection]:
        """Every tag of the listing but the chosen one, in alphabetical order; over-long names shortened."""
        return sorted(Rejection(_short(tag), reason) for reason, tags in self.by_reason.items() for tag in tags)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many tags were not chosen for each reason, the commonest first."""
        return counts(self.by_reason)


def counts(rejected: Mapping[str, Sequence[str]]) -> Mapping[str, int]:
    """How many tags each reason has, the commonest first."""
    found = ((reason, len(tags)) for reason, tags in rejected.items())
    return dict(sorted(found, key=lambda item: (-item[1], item[0])))


def none_of(total: int) -> str:
    """What is said when none of *total* tags is one to deploy."""
    if not total:
        return "the repository has no tags"
    return f"none of {total} tags qualifies" if total > 1 else "the only tag does not qualify"


def commonest(rejected: Mapping[str, Sequence[str]]) -> str:
    """` (2: is no version X.Y.Z; 1: is outside 1.x)`, or nothing."""
    parts = [f"{count}: {reason}" for reason, count in list(counts(rejected).items())[:_MOST_REASONS]]
    return f" ({'; '.join(parts)})" if parts else ""


def _short(tag: str) -> str:
    return tag if len(tag) <= _SHOWN * 2 else f"{tag[:_SHOWN]}… ({len(tag)} characters)"
