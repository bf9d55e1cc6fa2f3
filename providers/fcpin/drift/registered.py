"""Ask the registry what became of the image that a function runs: one request, more only when something is wrong."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fcpin.errors import InvalidImage, RegistryError, TagNotFound
from fcpin.fc.model import Function
from fcpin.image import Digest, Image
from fcpin.lookup import same_image
from fcpin.registry.base import ReadableRepository
from fcpin.registry.registries import Registries

_NORMAL: Final = "NORMAL"
_DEFAULT_TAG: Final = "latest"


@dataclass(frozen=True, slots=True)
class CannotTell:
    """A question that nobody answered."""

    sentence: str
    """Who could not be asked; the same every time."""
    detail: str = ""
    """What came instead of an answer."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What a registry says of the image that a function runs."""

    image: Image
    """Tag and digest that the function runs."""
    points_at: Digest | None
    """What that tag points at now; None when it is gone, or being deleted."""
    tag_is_same: bool
    """Whether that is the image that runs. An index and its child count as equal."""
    is_there: bool
    """Whether the digest that runs is still there. Only asked when its tag is gone."""
    is_deployed: bool
    """Whether that digest is the one that the last deployment left. Only asked while its tag is there."""
    pushed: datetime | None = None
    """When the tag was pushed last, where the registry tells."""


def look(registries: Registries, function: Function, deployed: Image | None, platform: str) -> Registered | CannotTell:
    """What its registry says of the image that *function* runs; *deployed* is the one that it should run."""
    live = live_image(function)
    if live is None or live.digest is None:
        return CannotTell(f"Function Compute resolved no digest for {function.image or 'it, which has no image'}")
    try:
        return _registered(registries.open(live.repository), live, live.digest, deployed, platform)
    except RegistryError as error:
        return CannotTell(f"{live.repository} cannot be asked ({type(error).__name__})", str(error))


def live_image(function: Function) -> Image | None:
    """Tag and digest that *function* runs, as far as it tells; None when it runs no image that can be read."""
    try:
        image = Image.parse(function.image)
    except InvalidImage:
        return None
    tag = image.tag if image.tag or image.digest else _DEFAULT_TAG
    return Image(image.repository, tag, function.digest or image.digest)


def image_in_use(function: Function) -> Image | None:
    """`live_image`, or what Function Compute resolved where the function's own reference is not valid."""
    if live := live_image(function):
        return live
    try:
        return Image.parse(function.resolved_image_uri)
    except InvalidImage:
        return None


def _registered(
    repository: ReadableRepository, live: Image, digest: Digest, deployed: Image | None, platform: str
) -> Registered:
    same = same_image(repository, platform)
    try:
        record = repository.resolve(live.tag) if live.tag else None
    except TagNotFound:
        record = None
    points_at = record.digest if record and record.status == _NORMAL else None
    if record is None or points_at is None:
        return Registered(live, None, tag_is_same=False, is_there=_is_there(repository, digest), is_deployed=True)
    noted = deployed.digest if deployed else None
    is_deployed = noted is None or same(noted, digest)
    # What was deployed is what the tag was then: no manifest need be read to compare it with what the tag is now.
    tag_is_same = points_at == noted if noted is not None and is_deployed else same(points_at, digest)
    return Registered(
        live, points_at, tag_is_same=tag_is_same, is_there=True, is_deployed=is_deployed, pushed=record.pushed
    )


def _is_there(repository: ReadableRepository, digest: Digest) -> bool:
    """Only a definite answer makes an image gone."""
    try:
        repository.manifest(digest)
    except TagNotFound:
        return False
    except RegistryError:
        return True
    return True
