"""An image of one file, as an OCI layout on disk: what a build leaves before it is pushed."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"


def build(folder: Path, content: str, created: datetime) -> str:
    """Write an image for linux/amd64 with the file `/app` into *folder*; gives its digest."""
    tar = _tar("app", content.encode())
    config = {
        "created": created.isoformat(),
        "os": "linux",
        "architecture": "amd64",
        "config": {"Cmd": ["/app"]},
        "rootfs": {"type": "layers", "diff_ids": [_digest(tar)]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _blob(folder, _CONFIG, _json(config)),
        "layers": [_blob(folder, _LAYER, gzip.compress(tar, mtime=0))],
    }
    descriptor = _blob(folder, _MANIFEST, _json(manifest))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": [descriptor]}))
    return str(descriptor["digest"])


def _blob(folder: Path, media_type: str, content: bytes) -> Mapping[str, Any]:
    digest = _digest(content)
    file = folder / "blobs" / digest.replace(":", "/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def _tar(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content), 0o755
        archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
