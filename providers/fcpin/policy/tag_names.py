"""Tags that are not releases: pin tags of fcpin, ACR's accelerated images, signatures.

A pin tag is `fcpin-` and the first 12 hexadecimal digits of a digest. fcpin creates it for one digest and never moves
it: moving or deleting the family's tag does not reach a function that is deployed by its pin tag.
"""

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from fcpin.errors import shown
from fcpin.image import Digest, is_tag
from fcpin.models import from_text

ACCELERATED: Final = "_accelerated"
"""Suffix of the image that ACR Enterprise converts for faster starts: `main-12_accelerated`, made of `main-12`."""
_CONTAINERD: Final = f"_containerd{ACCELERATED}"
"""Suffix of a second conversion, for nodes of containerd, that ACR makes in its full mode."""
_PIN_PREFIX: Final = "fcpin-"
_PIN_DIGITS: Final = 12
_PIN_TAG: Final = re.compile(rf"{_PIN_PREFIX}[0-9a-f]{{{_PIN_DIGITS}}}")
_ARTEFACT: Final = re.compile(r"sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?")


def pin_tag(digest: Digest) -> str:
    """`fcpin-0123456789ab`."""
    return _PIN_PREFIX + digest.removeprefix("sha256:")[:_PIN_DIGITS]


def is_pin_tag(tag: str) -> bool:
    return _PIN_TAG.fullmatch(tag) is not None


def is_artefact(tag: str) -> bool:
    """Whether cosign names a signature, an attestation or an SBOM so."""
    return _ARTEFACT.fullmatch(tag) is not None


def original(tag: str) -> str:
    """Return the tag that ACR converted into *tag*, or *tag* itself."""
    return tag.removesuffix(_CONTAINERD).removesuffix(ACCELERATED)


TAG_PATTERN: Final = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$"


def _parse_tag(text: str) -> str:
    if not is_tag(text):
        raise ValueError(
            f"{shown(text)} is not a valid tag: up to 128 letters, digits, '_', '.' and '-', without the repository"
        )
    return text


if TYPE_CHECKING:
    TagText: TypeAlias = str
else:
    TagText = from_text(str, _parse_tag, pattern=TAG_PATTERN)
