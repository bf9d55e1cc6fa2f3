"""Deploy on a tag of our own for the digest, so that moving or deleting the family's tag does not reach the function.

A pin tag is `fcpin-` and the first 12 hexadecimal digits of the digest. It is made for one digest, never moved, and
never a candidate of a policy.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

from fcpin.image import Digest
from fcpin.policy.fields import Fields
from fcpin.policy.times import read_duration

GRACE: Final = timedelta(days=7)
_MODES: Final = ("none", "pin_tag")
_PREFIX: Final = "fcpin-"
_DIGITS: Final = 12
_PIN_TAG: Final = re.compile(rf"{_PREFIX}[0-9a-f]{{{_DIGITS}}}")


def pin_tag(digest: Digest) -> str:
    """`fcpin-0123456789ab`, the tag of our own for *digest*."""
    return _PREFIX + digest.removeprefix("sha256:")[:_DIGITS]


def is_pin_tag(tag: str) -> bool:
    """Whether *tag* is one of ours, going by its name."""
    return _PIN_TAG.fullmatch(tag) is not None


@dataclass(frozen=True, slots=True)
class Protection:
    """What the user wants of pin tags."""

    is_on: bool = False
    grace: timedelta = GRACE
    """How long a pin tag stays after the last function has left it."""

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `protect` and `protect_grace`; problems are noted in *fields*."""
        is_on, grace = fields.choice("protect", _MODES) == "pin_tag", read_duration(fields, "protect_grace")
        if grace is None:
            return cls(is_on)
        if not is_on:
            fields.wrong("protect_grace", "is how long `protect: pin_tag` keeps its tags; it means nothing without")
        return cls(is_on, grace)


UNPROTECTED: Final = Protection()
