"""The answer of a policy: the tag that it chose, and every other tag with the reason why it did not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from fcpin.image import TagRecord
from fcpin.policy.candidate import Rejection
from fcpin.policy.hold import Hold

_SHOWN = 80
_MOST_REASONS = 3


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
    by_reason: Mapping[str, Sequence[str]] = field(default_factory=dict, compare=False, repr=False)
    """The other tags, by the reason why they were not chosen."""

    @cached_property
    def rejected(self) -> Sequence[Rejection]:
        """Every tag of the listing but the chosen one, in alphabetical order; over-long names shortened."""
        return sorted(Rejection(_short(tag), reason) for reason, tags in self.by_reason.items() for tag in tags)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many tags were not chosen for each reason, the commonest first."""
        found = Counter({reason: len(tags) for reason, tags in self.by_reason.items()})
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _short(tag: str) -> str:
    return tag if len(tag) <= _SHOWN * 2 else f"{tag[:_SHOWN]}… ({len(tag)} characters)"


def none_qualifies(
    rejected: Mapping[str, Sequence[str]], total: int, kept: str | None, warnings: Sequence[str]
) -> Selection:
    """No tag of *total* is one to deploy; *kept* is the current tag where it is to stay for that."""
    found = Selection(None, "", "", kept is not None, warnings, None, rejected)
    parts = [f"{count}: {reason}" for reason, count in list(found.counts.items())[:_MOST_REASONS]]
    none = f"none of {total} tags qualifies" if total > 1 else "the only tag does not qualify"
    why = f"{none} ({'; '.join(parts)})" if total else "the repository has no tags"
    if kept is not None:
        return replace(found, reason=f"on_empty is keep, and {why}", summary=f"keeps {kept}")
    return replace(found, reason=why, summary=none if total else why)


def none_yet(
    reason: str, rejected: Mapping[str, Sequence[str]], current: str | None, warnings: Sequence[str]
) -> Selection:
    """Something qualifies, but not before some time has passed: the current pin stays, if there is one."""
    keep = current is not None
    summary = f"keeps {current}" if keep else "none may be deployed yet"
    return Selection(None, reason, summary, keep, warnings, None, rejected)
