"""Before Function Compute is told to pull an image: it is there, and it is what the preview showed."""

from dataclasses import dataclass

from fcpin.errors import RegistryError, TagMoved
from fcpin.image import TagRecord
from fcpin.pinned_function.engine_log import Log
from fcpin.pinned_function.inputs import Pin, PinArgs
from fcpin.pinned_function.resolver import Resolver
from fcpin.protection.pin_tags import PinTags


@dataclass(frozen=True, slots=True)
class Guard:
    """Looks at the tag of the policy, or at the pin tag of a protected pin, which it makes where there is none."""

    resolver: Resolver
    pin_tags: PinTags
    log: Log

    def make_sure(self, args: PinArgs, pin: Pin) -> TagRecord:
        """The tag as it was found. Raises TagMoved, TagNotFound, RegistryError; then nothing was changed."""
        found = self.pin_tags.find(args.repository, pin.digest) if pin.protected else None
        if found is not None:
            return found
        record = self.resolver.verify(args, pin)
        if pin.protected:
            self.pin_tags.make(args.repository, pin.digest, like=pin.tag)
        return record

    def look_again(self, args: PinArgs, pin: Pin) -> None:
        """Put a pin tag back that somebody removed while no function named it yet. A failure is only said."""
        if not pin.protected:
            return
        try:
            self.make_sure(args, pin)
        except (RegistryError, TagMoved) as error:
            self.log("warning", f"{args.function_name}: deployed, but its pin tag was not found again: {error}")
