"""Make a pin tag for a digest, and make sure that it is there: `fcpin-` and the digest's first 12 digits."""

from typing import Final

from fcpin.errors import RegistryDenied, TagMoved, TagNotFound
from fcpin.image import Digest, Repository, TagRecord, short
from fcpin.policy.tag_names import is_pin_tag, pin_tag
from fcpin.registry.base import ReadableRepository
from fcpin.registry.registries import Registries

_NO_DEPLOYMENT: Final = "nothing was deployed"


def pin_tags_of(repository: ReadableRepository) -> list[TagRecord]:
    """Every tag of *repository* with the name of a pin tag, with its digest; one request each where a listing has none.

    Raises RegistryError.
    """
    listed = [record for record in repository.list_tags() if is_pin_tag(record.tag)]
    return [record if record.digest else repository.resolve(record.tag) for record in listed]


class PinTags:
    """Finds and makes pin tags. Thread-safe. Every method raises RegistryError, and TagMoved."""

    def __init__(self, registries: Registries) -> None:
        self._registries = registries

    def find(self, repository: Repository, digest: Digest) -> TagRecord | None:
        """The pin tag of *digest*, if it is there. Raises TagMoved when it was moved."""
        tag = pin_tag(digest)
        try:
            record = self._registries.open(repository).resolve(tag)
        except TagNotFound:
            return None
        if record.digest != digest:
            raise TagMoved(
                f"protect: {repository}:{tag} points at {short(record.digest)}, expected {short(digest)}: "
                f"somebody moved it; {_NO_DEPLOYMENT}; remove that tag and run again"
            )
        return record

    def make(self, repository: Repository, digest: Digest, *, like: str) -> None:
        """Make the pin tag of *digest*, at which the tag *like* points. Raises RegistryDenied, TagMoved."""
        tag, handle = pin_tag(digest), self._registries.open(repository)
        try:
            handle.add_tag(tag, digest, like=like)
        except RegistryDenied as error:
            raise RegistryDenied(
                f"protect: {repository}:{tag} cannot be made, so {_NO_DEPLOYMENT}; "
                f"allow these credentials to push it, or set protect: none ({error})"
            ) from None
        record = handle.resolve(tag)
        if record.digest != digest:
            handle.delete_tag(tag)  # made a moment ago, by us, for something else
            raise TagMoved(
                f"{repository}:{like} moved from {digest} to {record.digest} while {tag} was made of it; "
                f"{_NO_DEPLOYMENT}; run again to see and deploy the new image"
            )
