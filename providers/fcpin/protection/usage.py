"""Which pin tags of a repository are in use. Pure.

1. A tag is in use when a function or a published version names it, or runs its digest by whatever name.
2. While one function may run another image than it names, of whatever repository, no tag is called unused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from fcpin.drift.registered import image_in_use
from fcpin.errors import FunctionError
from fcpin.fc.uses import Doubt, RegionUses, Use
from fcpin.image import Digest, Repository, TagRecord
from fcpin.policy.tag_names import is_pin_tag


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
            if use.doubt is not None:
                raise _unknown(repository, use, use.doubt)
            image = image_in_use(use.function)
            if image is None:
                why = f"it runs {use.function.image[:200]!r}, which is not a valid image reference"
                raise _unknown(repository, use, Doubt(why, "deploy another image or delete it"))
            if not image.repository.is_same(repository):
                continue
            if image.tag is not None:
                tags.setdefault(image.tag, str(use))
            if image.digest is not None:
                digests.setdefault(image.digest, str(use))
            elif image.tag is None or not is_pin_tag(image.tag):
                why = f"it runs {use.function.image}, and Function Compute returns no digest for it"
                raise _unknown(repository, use, Doubt(why, "deploy it by a pin tag or delete it"))
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


def _unknown(repository: Repository, use: Use, doubt: Doubt) -> UsageUnknown:
    return UsageUnknown(
        f"function {use} in {use.region} may run any image of {repository}: {doubt.why}; nothing was removed; "
        f"{doubt.cure}, then run `fcpin prune` again"
    )
