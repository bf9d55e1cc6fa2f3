"""Where images are, and what Function Compute makes of a reference to one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fcpin.emulator.fc.model import Pin
from fcpin.emulator.knobs import Knobs
from fcpin.emulator.oci.store import INDEX_TYPES

_PLATFORM = ("linux", "amd64")
_REFERENCE = re.compile(
    r"(?P<host>[^/@]+)/(?P<path>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


class ImageUnusable(Exception):
    """FC cannot have this image. `str()` is what FC says about it."""


class InvalidImage(ImageUnusable):
    """FC can never run this: no reference, or another platform. Refused at once, whatever the knobs say."""


@dataclass(frozen=True, slots=True)
class Found:
    """A manifest that a registry has."""

    digest: str
    media_type: str
    value: dict[str, Any]


class Source(Protocol):
    """A registry, as FC uses it. Raises ImageUnusable when it cannot be asked."""

    def digest(self, path: str, reference: str) -> str | None:
        """The digest that a tag or digest names, or None."""

    def manifest(self, path: str, reference: str) -> Found | None: ...

    def config(self, path: str, digest: str) -> dict[str, Any]:
        """The config of an image, read as JSON."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`host/path[:tag][@digest]`."""

    host: str
    path: str
    tag: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Raises InvalidImage."""
        match = _REFERENCE.fullmatch(text)
        if match is None:
            raise InvalidImage(f"image {text}: invalid image reference")
        tag, digest = match["tag"] or "", match["digest"] or ""
        return cls(match["host"], match["path"], tag if tag or digest else "latest", digest)


class Images:
    """Finds the registry of an image and resolves references through it."""

    def __init__(self, own: Source, others: Mapping[str, Source], knobs: Knobs) -> None:
        self._own = own
        self._others = others
        self._knobs = knobs

    def resolve(self, text: str) -> Pin:
        """What FC notes at create and update. Raises ImageUnusable, InvalidImage."""
        reference = Reference.parse(text)
        if reference.digest and self._knobs.digest_input == "rejected":
            raise InvalidImage(f"image {text}: invalid image, a digest is not supported; use a tag")
        source = self._source(reference.host)
        found = source.manifest(reference.path, reference.digest or reference.tag)
        if found is None:
            raise ImageUnusable(f"image {text}: image not found")
        digest = self._runnable(source, reference.path, found, text)
        tag = "" if reference.digest else reference.tag
        return Pin(reference.host, reference.path, tag, digest, found.digest)

    def can_start(self, pin: Pin) -> bool:
        """Whether a new instance can pull its image."""
        source = self._source(pin.host)
        if pin.tag and source.digest(pin.path, pin.tag) != pin.tag_digest:
            return False
        return source.digest(pin.path, pin.digest) is not None

    def _source(self, host: str) -> Source:
        return self._others.get(host, self._own)

    def _runnable(self, source: Source, path: str, found: Found, text: str) -> str:
        """The digest to note. Raises ImageUnusable for an image of another platform."""
        if found.media_type in INDEX_TYPES:
            children = {_index_platform(child): child["digest"] for child in found.value["manifests"]}
            unknown = ("unknown", "unknown")
            if _PLATFORM not in children or unknown in children:
                raise _other_platform(text, unknown if unknown in children else next(iter(children), unknown))
            return str(children[_PLATFORM]) if self._knobs.resolved_digest == "child" else found.digest
        config = source.config(path, found.value["config"]["digest"])
        platform = (str(config.get("os", "unknown")), str(config.get("architecture", "unknown")))
        if platform != _PLATFORM:
            raise _other_platform(text, platform)
        return found.digest


def _index_platform(child: dict[str, Any]) -> tuple[str, str]:
    platform = child.get("platform", {})
    return platform.get("os", "unknown"), platform.get("architecture", "unknown")


def _other_platform(text: str, platform: tuple[str, str]) -> InvalidImage:
    return InvalidImage(f"image {text}: invalid image, platform of image is {'/'.join(platform)}")
