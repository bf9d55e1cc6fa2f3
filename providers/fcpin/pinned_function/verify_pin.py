"""Before Function Compute pulls an image: its tag is there, and still has the digest that the preview showed."""

from dataclasses import dataclass
from typing import Final

from fcpin.errors import RegistryDenied, RegistryError, TagMoved, TagNotFound
from fcpin.image import Digest, Pin, TagRecord, pin_tag, short
from fcpin.pinned_function.inputs import PinArgs
from fcpin.pinned_function.properties import Log
from fcpin.registry.registries import Registries, RepositoryHandle

_NO_DEPLOYMENT: Final = "nothing was deployed"


@dataclass(frozen=True, slots=True)
class Verifier:
    """Reads the tag of a pin, or the pin tag of a protected one, which it makes where there is none."""

    registries: Registries
    log: Log

    def verify_pin(self, args: PinArgs, pin: Pin) -> TagRecord:
        """The tag as it was found. Raises TagMoved, TagNotFound, RegistryError; then nothing was changed."""
        repository = self.registries.open(args.repository)
        if pin.protected and (found := _pin_tag(repository, pin.digest)) is not None:
            return found
        try:
            record = repository.resolve(pin.tag)
        except TagNotFound:
            raise TagNotFound(
                f"{repository.name}:{pin.tag} is gone since it was resolved to {short(pin.digest)}; "
                "run again to resolve it"
            ) from None
        if record.digest != pin.digest:
            raise TagMoved(
                f"{repository.name}:{pin.tag} moved from {short(pin.digest)} to {short(record.digest)} since it was "
                f"resolved; {_NO_DEPLOYMENT}; run again to see and deploy the new image"
            )
        if pin.protected:
            _make_pin_tag(repository, pin.digest, like=pin.tag)
        return record

    def restore_pin_tag(self, args: PinArgs, pin: Pin) -> None:
        """Put the pin tag back that was removed while no function named it yet. A failure is a warning."""
        try:
            self.verify_pin(args, pin)
        except (RegistryError, TagMoved) as error:
            self.log("warning", f"{args.function_name}: deployed, but its pin tag could not be verified: {error}")


def _pin_tag(repository: RepositoryHandle, digest: Digest) -> TagRecord | None:
    tag = pin_tag(digest)
    try:
        record = repository.resolve(tag)
    except TagNotFound:
        return None
    if record.digest != digest:
        raise TagMoved(
            f"protect: {repository.name}:{tag} points at {short(record.digest)}, expected {short(digest)}: "
            f"it was moved; {_NO_DEPLOYMENT}; remove that tag and run again"
        )
    return record


def _make_pin_tag(repository: RepositoryHandle, digest: Digest, *, like: str) -> None:
    """Make the pin tag of *digest*, at which the tag *like* points. Raises RegistryDenied, TagMoved."""
    tag = pin_tag(digest)
    try:
        repository.add_tag(tag, digest, like=like)
    except RegistryDenied as error:
        raise RegistryDenied(
            f"protect: {repository.name}:{tag} cannot be created, so {_NO_DEPLOYMENT}; "
            f"allow these credentials to push it, or set protect: none ({error})"
        ) from None
    record = repository.resolve(tag)
    if record.digest != digest:
        repository.delete_tag(tag)  # created a moment ago, by us, for another image
        raise TagMoved(
            f"{repository.name}:{like} moved from {digest} to {record.digest} while {tag} was created; "
            f"{_NO_DEPLOYMENT}; run again to see and deploy the new image"
        )
