"""Read the property bag of a resource in a state, also one that an older version wrote."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from fcpin.errors import InvalidInput
from fcpin.image import Digest, Image, Repository, is_pin_tag, parse_digest
from fcpin.pin import Pin
from fcpin.pinned_function.keys import DEPLOYED, INPUTS, ORDERED_BY
from fcpin.policy import DEFAULT_PLATFORM
from fcpin.settings import DEFAULT_DEADLINE


@dataclass(frozen=True, slots=True)
class Current:
    """The tag that a function was deployed by, and the digest that it runs."""

    tag: str
    digest: Digest | None
    """None after a refresh that found no digest of the pin (properties.live)."""
    protected: bool = False
    """Whether it was deployed by a pin tag."""
    ordered_by: str = ""
    """What the order compared when it chose the tag; empty in states of older versions."""

    @classmethod
    def of(cls, properties: Mapping[str, Any], repository: Repository | None = None) -> Self | None:
        """None before the first deployment, and when what is deployed is not of *repository*: no tag of it is older."""
        tag, digest, image = (properties.get(key) for key in ("tag", "digest", "image"))
        if not isinstance(tag, str) or not tag:
            return None
        if repository is not None and not _is_of(repository, image):
            return None
        return cls(
            tag,
            parse_digest(digest) if isinstance(digest, str) and digest else None,
            isinstance(image, str) and is_pin_tag(image.rpartition(":")[2]),
            str(properties.get(ORDERED_BY) or ""),
        )

    @property
    def pin(self) -> Pin | None:
        """The pin; None while there is no digest."""
        return Pin(self.tag, self.digest, self.protected, self.ordered_by) if self.digest else None


def pin_of(properties: Mapping[str, Any]) -> Pin | None:
    """The pin in a property bag; None where there is none yet."""
    current = Current.of(properties)
    return current.pin if current else None


def deployed_image(properties: Mapping[str, Any]) -> Image | None:
    """Tag and digest that the last deployment left, whatever a refresh has found since; None where there are none.

    A state that is older than this output has them in `image` and `digest`.
    """
    image = properties.get(DEPLOYED) or f"{properties.get('image') or ''}@{properties.get('digest') or ''}"
    try:
        return Image.parse(str(image))
    except InvalidInput:
        return None


@dataclass(frozen=True, slots=True)
class Stored:
    """What of a stored bag leads to its function. The rest is not checked: an old state can always be destroyed."""

    region: str
    profile: str
    function_name: str
    repository: Repository
    platform: str
    deadline: float

    @classmethod
    def read(cls, properties: Mapping[str, Any], default_region: str) -> Self:
        """Raises InvalidInput when the state was edited beyond recognition."""
        deadline = properties.get("deadline")
        return cls(
            region=str(properties.get("region") or default_region),
            profile=str(properties.get("profile") or ""),
            function_name=str(properties.get("function_name") or ""),
            repository=Repository.parse(str(properties.get("repository"))),
            platform=str(properties.get("platform") or DEFAULT_PLATFORM),
            deadline=deadline if isinstance(deadline, float) and deadline > 0 else DEFAULT_DEADLINE,
        )


def inputs_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs in a bag that may hold outputs and Pulumi's own keys too."""
    return {key: properties[key] for key in INPUTS if key in properties}


def _is_of(repository: Repository, image: object) -> bool:
    try:
        return image is None or Image.parse(str(image)).repository.is_same(repository)
    except InvalidInput:
        return False
