"""The registries that Function Compute pulls from: the emulator's own, and real ones by the OCI API."""

import json
from typing import Any

import urllib3

from fcpin.emulator.fc.images import Found, ImageUnusable
from fcpin.emulator.oci.errors import OciError
from fcpin.emulator.oci.remote import RemoteError, RemoteRegistry
from fcpin.emulator.oci.store import IMAGE_TYPES, INDEX_TYPES, Store, digest_of

_ACCEPT = ", ".join(sorted(INDEX_TYPES | IMAGE_TYPES))


class OwnSource:
    """The emulator's registry, without going over the wire."""

    def __init__(self, store: Store) -> None:
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

    def config(self, path: str, digest: str) -> dict[str, Any]:  # noqa: ARG002 - blobs are kept by digest
        return self._store.parsed(digest)


class RemoteSource:
    """A registry somewhere else."""

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
        """None when there is no such thing. Raises ImageUnusable."""
        try:
            return self._registry.get(method, path, what, _ACCEPT)
        except RemoteError as error:
            raise ImageUnusable(f"image {self._registry.host}/{path}: {error}") from error
