"""Which pin tags of a repository are in use. Pure.

1. A tag is in use when a function or a published version names it, or runs its digest by whatever name.
2. Where a function of the repository may serve another image than it names, nothing can be called unused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from fcpin.errors import FunctionError, InvalidImage
from fcpin.fc.uses import Use
from fcpin.image import Digest, Image, Repository, TagRecord


class UsageUnknown(FunctionError):
    """A function's update failed or is under way, so which image it serves is not known."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Who runs which tags and digests of one repository."""

    tags: Mapping[str, str]
    digests: Mapping[Digest, str]

    @classmethod
    def of(cls, repository: Repository, uses: Iterable[Use]) -> Self:
        """Raises UsageUnknown."""
        tags: dict[str, str] = {}
        digests: dict[Digest, str] = {}
        for use in uses:
            image = _image(use)
            if image is None or not image.repository.is_same(repository):
                continue
            if not use.is_certain:
                raise UsageUnknown(
                    f"function {use}: its last update is {use.function.last_update_status}, so which image of "
                    f"{repository} it serves is not known"
                )
            if image.tag is not None:
                tags.setdefault(image.tag, str(use))
            if use.function.digest is not None:
                digests.setdefault(use.function.digest, str(use))
        return cls(tags, digests)

    def of_tag(self, record: TagRecord) -> str | None:
        """The function or version that runs *record*, or None where none does."""
        return self.tags.get(record.tag) or (self.digests.get(record.digest) if record.digest else None)


def _image(use: Use) -> Image | None:
    try:
        return Image.parse(use.function.image)
    except InvalidImage:
        return None  # no image that could be one of ours
