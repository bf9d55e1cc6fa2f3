"""Make images out of a word: small, valid, and the same bytes for the same input."""

import gzip
import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emulator.clock import iso
from emulator.oci.model import Repository
from emulator.oci.store import Store, digest_of

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


def build(
    store: Store, repository: Repository, content: str, platforms: Sequence[str], *, index: bool, created: int
) -> str:
    """Put an image with the file `/content` into *repository*, without a tag; gives its digest.

    *created*: seconds since 1970. Several platforms make an index even when *index* is false.
    """
    children = [_image(store, repository, content, Platform.parse(text), created) for text in platforms]
    if len(children) == 1 and not index:
        return str(children[0]["digest"])
    value = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": children}
    return _put(store, repository, value, _INDEX)[0]


def _image(store: Store, repository: Repository, content: str, platform: Platform, created: int) -> dict[str, Any]:
    tar = _tar(content.encode(), created)
    layer = gzip.compress(tar, mtime=0)
    config = json.dumps(
        {
            "created": iso(created),
            **platform.wire(),
            "config": {"Cmd": ["/content"]},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar)]},
            "history": [{"created": iso(created), "created_by": "COPY content /content"}],
        }
    ).encode()
    value = {
        "schemaVersion": 2,
        "mediaType": _IMAGE,
        "config": {"mediaType": _CONFIG, "digest": store.put_blob(repository, config), "size": len(config)},
        "layers": [{"mediaType": _LAYER, "digest": store.put_blob(repository, layer), "size": len(layer)}],
    }
    digest, size = _put(store, repository, value, _IMAGE)
    return {"mediaType": _IMAGE, "digest": digest, "size": size, "platform": platform.wire()}


def _put(store: Store, repository: Repository, value: dict[str, Any], media_type: str) -> tuple[str, int]:
    content = json.dumps(value).encode()
    return store.put_manifest(repository, digest_of(content), content, media_type), len(content)


def _tar(content: bytes, created: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo("content")
        info.size, info.mtime, info.mode = len(content), created, 0o755
        tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
