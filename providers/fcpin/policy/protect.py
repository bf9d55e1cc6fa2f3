"""Deploy on a tag of our own for the digest, so that moving or deleting the family's tag does not reach the function.

A pin tag is `fcpin-` and the first 12 hexadecimal digits of the digest. It is made for one digest, never moved, and
never a candidate of a policy.
"""

import re
from typing import Final

from fcpin.image import Digest
from fcpin.policy.fields import Fields

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


def read_protect(fields: Fields) -> bool:
    """Whether `protect` is `pin_tag`; problems are noted in *fields*."""
    return fields.choice("protect", _MODES) == "pin_tag"
