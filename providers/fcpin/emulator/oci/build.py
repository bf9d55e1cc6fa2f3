"""Build small valid images: equal bytes for equal input."""

import gzip
import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fcpin.emulator.oci.model import RepositoryRecord
from fcpin.emulator.oci.store import RegistryStore, digest_of
from fcpin.emulator.state import iso

_INDEX = "application/vnd.oci.image.index.v1+json"
_IMAGE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True, slots=True)
class Platform:
    """`os/architecture[/variant]`."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> "Platform":
        os, _, rest = text.partition("/")
        architecture, _, variant = rest.partition("/")
        return cls(os, architecture, variant)

    def wire(self) -> dict[str, str]:
        return {"architecture": self.architecture, "os": self.os} | ({"variant": self.variant} if self.variant else {})


@dataclass(frozen=True, slots=True)
class OciImage:
    """A manifest and its blobs."""

    manifest: bytes
    blobs: tuple[bytes, ...]
    platform: Platform
    media_type: str = _IMAGE

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)


def image(content: str, created: int, platform: str = "linux/amd64", layer_size: int | None = None) -> OciImage:
    """An image with the file `/content`. *created*: seconds since 1970; *layer_size*: bytes, None for the real ones."""
    runs_on, tar = Platform.parse(platform), _tar(content.encode(), created)
    layer = gzip.compress(tar, mtime=0)
    size = len(layer) if layer_size is None else layer_size
    config = json.dumps(
        {
            "created": iso(created),
            **runs_on.wire(),
            "config": {"Cmd": ["/content"]},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar)]},
            "history": [{"created": iso(created), "created_by": "COPY content /content"}],
        }
    ).encode()
    value = {
        "schemaVersion": 2,
        "mediaType": _IMAGE,
        "config": {"mediaType": _CONFIG, "digest": digest_of(config), "size": len(config)},
        "layers": [{"mediaType": _LAYER, "digest": digest_of(layer), "size": size}],
    }
    return OciImage(json.dumps(value).encode(), (config, layer), runs_on)


def put(store: RegistryStore, repository: RepositoryRecord, built: OciImage, reference: str = "") -> str:
    """Put *built* into *repository*, under the tag *reference* or without one; returns its digest."""
    for blob in built.blobs:
        store.put_blob(repository, blob)
    return store.put_manifest(repository, reference or built.digest, built.manifest, built.media_type)


def build(
    store: RegistryStore,
    repository: RepositoryRecord,
    content: str,
    platforms: Sequence[str],
    *,
    index: bool,
    created: int,
    layer_size: int | None = None,
) -> str:
    """Put an image with the file `/content` into *repository*, without a tag; returns its digest.

    *created*: seconds since 1970. Several platforms make an index even when *index* is false.
    """
    images = [image(content, created, platform, layer_size) for platform in platforms]
    children = [_child(store, repository, built) for built in images]
    if len(children) == 1 and not index:
        return str(children[0]["digest"])
    value = json.dumps({"schemaVersion": 2, "mediaType": _INDEX, "manifests": children}).encode()
    return store.put_manifest(repository, digest_of(value), value, _INDEX)


def _child(store: RegistryStore, repository: RepositoryRecord, built: OciImage) -> dict[str, Any]:
    digest, size = put(store, repository, built), len(built.manifest)
    return {"mediaType": built.media_type, "digest": digest, "size": size, "platform": built.platform.wire()}


def _tar(content: bytes, created: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo("content")
        info.size, info.mtime, info.mode = len(content), created, 0o755
        tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
