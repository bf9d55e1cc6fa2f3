"""Images built in memory, of about 1 kB and all different.

Formats: OCI image specification 1.1, ELF.
"""

import gzip
import hashlib
import io
import json
import struct
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fcpin.image import Digest

INDEX: Final = "application/vnd.oci.image.index.v1+json"
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
_PROGRAM: Final = "probe"
_BASE: Final = 0x400000
_HEADERS: Final = 64 + 56


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that a registry stores under their digest."""

    media_type: str
    content: bytes

    @property
    def digest(self) -> Digest:
        return Digest(f"sha256:{hashlib.sha256(self.content).hexdigest()}")

    def descriptor(self) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content)}


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """A manifest and what it needs in the registry first."""

    manifest: Blob
    platform: str
    """`os/architecture`; empty for an index."""
    blobs: Sequence[Blob] = ()
    """Configuration and layers of a plain image."""
    children: Sequence["BuiltImage"] = ()
    """Of an index."""

    @property
    def digest(self) -> Digest:
        return self.manifest.digest


def image(content: str, created: datetime, platform: str = "linux/amd64") -> BuiltImage:
    """An image whose one program exits with status 0. *content* makes its digest unique."""
    system, _, architecture = platform.partition("/")
    tar = _tar({_PROGRAM: program(), "content": content.encode()})
    layer = Blob(_LAYER, gzip.compress(tar, mtime=0))
    config = _json(
        _CONFIG,
        {
            "created": created.isoformat(timespec="seconds"),
            "os": system,
            "architecture": architecture,
            "config": {"Entrypoint": [f"/{_PROGRAM}"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}"]},
        },
    )
    value = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    }
    return BuiltImage(_json(MANIFEST, value), platform, blobs=(config, layer))


def index(children: Sequence[BuiltImage]) -> BuiltImage:
    """One name for the images of several platforms."""
    entries = [{**child.manifest.descriptor(), "platform": _platform(child.platform)} for child in children]
    value = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    return BuiltImage(_json(INDEX, value), "", children=children)


def program() -> bytes:
    """A program of Linux on amd64 that does nothing but `exit(0)`: ELF header, one segment, three instructions."""
    code = bytes.fromhex("b83c000000 31ff 0f05")  # mov eax, 60; xor edi, edi; syscall
    size, entry = _HEADERS + len(code), _BASE + _HEADERS
    identity = b"\x7fELF" + bytes([2, 1, 1, 0]) + bytes(8)
    header = identity + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, entry, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return header + segment + code


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o755
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _json(media_type: str, value: dict[str, Any]) -> Blob:
    return Blob(media_type, json.dumps(value).encode())


def _platform(text: str) -> dict[str, str]:
    system, _, architecture = text.partition("/")
    return {"os": system, "architecture": architecture}
