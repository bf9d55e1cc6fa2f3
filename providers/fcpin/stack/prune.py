"""Find the pin tags of a repository that can be removed. Pure, except for `pin_tags_of`.

1. A tag is in use when a function or a published version names it, or runs its digest by another tag.
2. While one function may run another image than it names, of whatever repository, no tag is unused.
3. An unused tag is kept for a grace. The registry knows when a tag was pushed, not when it was used last: the grace
   begins at the push.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from fcpin.drift import image_in_use
from fcpin.errors import FunctionError
from fcpin.fc.uses import RegionUses, Uncertainty, Use
from fcpin.image import Digest, Repository, TagRecord, is_pin_tag, pin_tag
from fcpin.policy.times import iso
from fcpin.registry.base import ReadableRepository


class UsageUnknown(FunctionError):
    """It is not known which images the functions run."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The users of the tags and digests of one repository."""

    tags: Mapping[str, str]
    digests: Mapping[Digest, str]

    @classmethod
    def of(cls, repository: Repository, uses: Iterable[Use]) -> Self:
        """Raises UsageUnknown."""
        tags: dict[str, str] = {}
        digests: dict[Digest, str] = {}
        for use in uses:
            if use.uncertainty is not None:
                raise _unknown(repository, use, use.uncertainty)
            image = image_in_use(use.function)
            if image is None:
                why = f"it runs {use.function.image[:200]!r}, which is not a valid image reference"
                raise _unknown(repository, use, Uncertainty(why, "deploy another image or delete it"))
            if not image.repository.is_same(repository):
                continue
            if image.tag is not None:
                tags.setdefault(image.tag, str(use))
            if image.digest is not None:
                digests.setdefault(image.digest, str(use))
            elif image.tag is None or not is_pin_tag(image.tag):
                why = f"it runs {use.function.image}, and Function Compute returns no digest for it"
                raise _unknown(repository, use, Uncertainty(why, "deploy it by a pin tag or delete it"))
        return cls(tags, digests)

    def of_tag(self, record: TagRecord) -> str | None:
        """The function or version that runs *record*, or None where none does."""
        return self.tags.get(record.tag) or (self.digests.get(record.digest) if record.digest else None)


def require_functions(found: RegionUses) -> None:
    """Raise UsageUnknown if no function at all is listed: an empty answer is no proof that nothing is in use."""
    if not found.listed:
        raise UsageUnknown(
            f"{found.region}: no function at all is listed, so what is in use is not known; nothing was removed; "
            "check the credentials and the endpoint; delete the pin tags in the registry if the region really has none"
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """One pin tag, and whether it can go."""

    record: TagRecord
    unused: bool
    why: str


def pin_tags_of(repository: ReadableRepository) -> list[TagRecord]:
    """Every tag of *repository* with the name of a pin tag, with its digest; one request each where a listing has none.

    Raises RegistryError.
    """
    listed = [record for record in repository.list_tags() if is_pin_tag(record.tag)]
    return [record if record.digest else repository.resolve(record.tag) for record in listed]


def judge(records: Iterable[TagRecord], usage: Usage, grace: timedelta, now: datetime) -> list[Verdict]:
    """Those of *records* that have the name of a pin tag, by name. Their digests must be known."""
    tags = sorted((record for record in records if is_pin_tag(record.tag)), key=lambda record: record.tag)
    return [_judge(record, usage, grace, now) for record in tags]


def _unknown(repository: Repository, use: Use, uncertainty: Uncertainty) -> UsageUnknown:
    return UsageUnknown(
        f"function {use} in {use.region} may run any image of {repository}: {uncertainty.reason}; nothing was removed; "
        f"{uncertainty.remedy}, then run `fcpin prune` again"
    )


def _judge(record: TagRecord, usage: Usage, grace: timedelta, now: datetime) -> Verdict:
    if not _is_ours(record):
        return Verdict(record, unused=False, why=f"points at {record.digest}, so it is not ours")
    user = usage.of_tag(record)
    if user is not None:
        return Verdict(record, unused=False, why=f"{user} runs it")
    if not grace:
        return Verdict(record, unused=True, why="nothing runs it")
    if record.pushed is None:
        return Verdict(record, unused=False, why="nothing runs it, but the registry returns no push time")
    if now - record.pushed < grace:
        return Verdict(record, unused=False, why=f"nothing runs it; its grace ends at {iso(record.pushed + grace)}")
    return Verdict(record, unused=True, why="nothing runs it")


def _is_ours(record: TagRecord) -> bool:
    """Whether a pin tag still has the digest that it was made for."""
    return is_pin_tag(record.tag) and record.digest is not None and pin_tag(record.digest) == record.tag
