"""References to images, and their resolution as in Function Compute."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import urllib3

from fcpin.emulator.fc.model import ResolvedImage
from fcpin.emulator.knobs import Knobs
from fcpin.emulator.oci.model import OciError
from fcpin.emulator.oci.remote import RemoteError, RemoteRegistry
from fcpin.emulator.oci.store import IMAGE_TYPES, INDEX_TYPES, RegistryStore, digest_of

_PLATFORM = ("linux", "amd64")
_REFERENCE = re.compile(
    r"(?P<host>[^/@]+)/(?P<path>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


class ImageUnusable(Exception):
    """FC cannot pull this image. `str()` is the reason that FC reports."""


class UnrunnableImage(ImageUnusable):
    """FC can never run this image: invalid reference or another platform. Rejected at once, with every knob."""


@dataclass(frozen=True, slots=True)
class Found:
    """A manifest of a registry."""

    digest: str
    media_type: str
    value: dict[str, Any]


class Source(Protocol):
    """A registry that FC pulls from. Raises ImageUnusable if it cannot be reached."""

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
        """Raises UnrunnableImage."""
        match = _REFERENCE.fullmatch(text)
        if match is None:
            raise UnrunnableImage(f"image {text}: invalid image reference")
        tag, digest = match["tag"] or "", match["digest"] or ""
        return cls(match["host"], match["path"], tag if tag or digest else "latest", digest)


class Images:
    """Finds the registry of an image and resolves references through it."""

    def __init__(self, own: Source, others: Mapping[str, Source], knobs: Knobs) -> None:
        self._own = own
        self._others = others
        self._knobs = knobs

    def resolve(self, text: str) -> ResolvedImage:
        """Resolve an image, as at create and update. Raises ImageUnusable, UnrunnableImage."""
        reference = Reference.parse(text)
        if reference.digest and self._knobs.digest_input == "rejected":
            raise UnrunnableImage(f"image {text}: invalid image, a digest is not supported; use a tag")
        source = self._source(reference.host)
        found = source.manifest(reference.path, reference.digest or reference.tag)
        if found is None:
            raise ImageUnusable(f"image {text}: image not found")
        digest = self._runnable(source, reference.path, found, text)
        tag = "" if reference.digest else reference.tag
        return ResolvedImage(reference.host, reference.path, tag, digest, found.digest)

    def can_start(self, pin: ResolvedImage) -> bool:
        """Whether a new instance can pull its image."""
        source = self._source(pin.host)
        if pin.tag and source.digest(pin.path, pin.tag) != pin.tag_digest:
            return False
        return source.digest(pin.path, pin.digest) is not None

    def _source(self, host: str) -> Source:
        return self._others.get(host, self._own)

    def _runnable(self, source: Source, path: str, found: Found, text: str) -> str:
        """The digest for resolvedImageUri. Raises UnrunnableImage for an image of another platform."""
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


def _other_platform(text: str, platform: tuple[str, str]) -> UnrunnableImage:
    return UnrunnableImage(f"image {text}: invalid image, platform of image is {'/'.join(platform)}")


_ACCEPT = ", ".join(sorted(INDEX_TYPES | IMAGE_TYPES))


class OwnSource:
    """The emulator's own registry, called in process."""

    def __init__(self, store: RegistryStore) -> None:
        self._store = store

    def digest(self, path: str, reference: str) -> str | None:
        found = self.manifest(path, reference)
        return found.digest if found else None

    def manifest(self, path: str, reference: str) -> Found | None:
        try:
            manifest = self._store.manifest(self._store.repository(path), reference)
        except OciError:
            return None
        return Found(manifest.digest, manifest.media_type, self._store.parsed(manifest.digest))

    def config(self, path: str, digest: str) -> dict[str, Any]:  # noqa: ARG002 - blobs are stored by digest
        return self._store.parsed(digest)


class RemoteSource:
    """A registry in another process."""

    def __init__(self, registry: RemoteRegistry) -> None:
        self._registry = registry

    def digest(self, path: str, reference: str) -> str | None:
        response = self._get("HEAD", path, f"manifests/{reference}")
        return response.headers.get("docker-content-digest") if response else None

    def manifest(self, path: str, reference: str) -> Found | None:
        response = self._get("GET", path, f"manifests/{reference}")
        if response is None:
            return None
        media_type = response.headers.get("content-type", "").partition(";")[0]
        return Found(digest_of(response.data), media_type, json.loads(response.data))

    def config(self, path: str, digest: str) -> dict[str, Any]:
        response = self._get("GET", path, f"blobs/{digest}")
        if response is None:
            raise ImageUnusable(f"image {self._registry.host}/{path}: config {digest} not found")
        value: dict[str, Any] = json.loads(response.data)
        return value

    def _get(self, method: str, path: str, what: str) -> urllib3.BaseHTTPResponse | None:
        """None for 404. Raises ImageUnusable."""
        try:
            return self._registry.get(method, path, what, _ACCEPT)
        except RemoteError as error:
            raise ImageUnusable(f"image {self._registry.host}/{path}: {error}") from error
