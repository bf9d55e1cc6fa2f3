"""Repositories and their rules: a push creates a repository, a manifest needs its parts."""

import hashlib
import json
import re
from collections.abc import Container, MutableMapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from fcpin.emulator.oci.model import (
    ManifestRecord,
    Namespace,
    OciError,
    RepositoryRecord,
    Tag,
    blob_unknown,
    denied,
    digest_invalid,
    manifest_blob_unknown,
    manifest_invalid,
    manifest_unknown,
    name_unknown,
    upload_invalid,
    upload_unknown,
)
from fcpin.emulator.state import EmulatorClock, Ids, State
from fcpin.emulator.wire import WireRequest, WireResponse

INDEX_TYPES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
IMAGE_TYPES = frozenset(
    {"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"}
)
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class RegistryStore:
    """Repositories of the account. Raises OciError."""

    def __init__(self, state: State, blobs: MutableMapping[str, bytes], clock: EmulatorClock, ids: Ids) -> None:
        self._state = state
        self._blobs = blobs
        self._clock = clock
        self._ids = ids

    def find(self, path: str) -> RepositoryRecord | None:
        return self._state.repositories.get(path)

    def repository(self, path: str) -> RepositoryRecord:
        """Raises NAME_UNKNOWN."""
        repository = self.find(path)
        if repository is None:
            raise name_unknown(path)
        return repository

    def create(self, path: str) -> RepositoryRecord:
        """Return the repository; create it and its namespace if they do not exist."""
        repository = self.find(path)
        if repository is None:
            now = self._clock.now_ms()
            repository = RepositoryRecord(path, self._ids.acr("crr"), created_ms=now, modified_ms=now)
            namespace, slash, _ = path.partition("/")
            if slash:
                repository.type = self.create_namespace(namespace).default_type
            self._state.repositories[path] = repository
        return repository

    def create_by_push(self, path: str) -> RepositoryRecord:
        """As `create`. Raises DENIED if the namespace does not create repositories by push."""
        namespace = self._state.namespaces.get(path.partition("/")[0])
        if self.find(path) is None and namespace is not None and not namespace.auto_create:
            raise denied(
                f"repository {path} does not exist, and namespace {namespace.name} does not create repositories by push"
            )
        return self.create(path)

    def create_namespace(self, name: str) -> Namespace:
        """Return the namespace; create it if it does not exist."""
        if name not in self._state.namespaces:
            self._state.namespaces[name] = Namespace(name, self._ids.acr("crn"))
        return self._state.namespaces[name]

    def delete_namespace(self, namespace: Namespace) -> None:
        """Delete the namespace with its repositories."""
        del self._state.namespaces[namespace.name]
        for path in [path for path in self._state.repositories if path.startswith(f"{namespace.name}/")]:
            del self._state.repositories[path]

    def manifest(self, repository: RepositoryRecord, reference: str) -> ManifestRecord:
        """The manifest that a tag or digest names. Raises MANIFEST_UNKNOWN."""
        tag = repository.tags.get(reference)
        manifest = repository.manifests.get(tag.digest if tag else reference)
        if manifest is None:
            raise manifest_unknown(reference)
        return manifest

    def content(self, digest: str) -> bytes:
        return self._blobs[digest]

    def parsed(self, digest: str) -> dict[str, Any]:
        """A manifest or config, read as JSON."""
        value: dict[str, Any] = json.loads(self._blobs[digest])
        return value

    def blob(self, repository: RepositoryRecord, digest: str) -> bytes:
        """Raises BLOB_UNKNOWN."""
        if digest not in repository.blobs:
            raise blob_unknown(digest)
        return self._blobs[digest]

    def put_blob(self, repository: RepositoryRecord, content: bytes, digest: str = "") -> str:
        """Store *content*. Raises DIGEST_INVALID if *digest* is not its digest."""
        actual = digest_of(content)
        if digest and digest != actual:
            raise digest_invalid(f"provided digest did not match uploaded content: got {actual}, expected {digest}")
        self._blobs.setdefault(actual, content)
        repository.blobs[actual] = len(content)
        return actual

    def mount_blob(self, repository: RepositoryRecord, digest: str, source: str) -> bool:
        """Share a blob of another repository; False if that repository does not have it."""
        origin = self.find(source)
        if origin is None or digest not in origin.blobs:
            return False
        repository.blobs[digest] = origin.blobs[digest]
        return True

    def put_manifest(self, repository: RepositoryRecord, reference: str, content: bytes, media_type: str) -> str:
        """Store a manifest under a tag or its digest. Raises MANIFEST_INVALID, MANIFEST_BLOB_UNKNOWN, DENIED …"""
        digest = digest_of(content)
        if DIGEST.fullmatch(reference):
            if reference != digest:
                raise digest_invalid(f"manifest digest: got {digest}, expected {reference}")
        elif not TAG.fullmatch(reference):
            raise OciError(400, "TAG_INVALID", f"manifest tag did not match: {reference!r}")
        self._check_parts(repository, content, media_type)
        if not DIGEST.fullmatch(reference):
            self._check_mutable(repository, reference, digest)
        self._blobs.setdefault(digest, content)
        repository.manifests[digest] = ManifestRecord(digest, media_type)
        if not DIGEST.fullmatch(reference):
            self.set_tag(repository, reference, digest)
        return digest

    def _check_parts(self, repository: RepositoryRecord, content: bytes, media_type: str) -> None:
        try:
            value = json.loads(content)
            held: Container[str]
            if media_type in INDEX_TYPES:
                needed, held = [child["digest"] for child in value["manifests"]], repository.manifests.keys()
            elif media_type in IMAGE_TYPES:
                needed = [value["config"]["digest"], *(layer["digest"] for layer in value["layers"])]
                held = repository.blobs.keys()
            else:
                raise manifest_invalid(f"media type {media_type!r} is not supported")
        except (ValueError, KeyError, TypeError):
            raise manifest_invalid(f"the content is not a valid {media_type}") from None
        for digest in needed:
            if digest not in held:
                raise manifest_blob_unknown(digest)

    def _check_mutable(self, repository: RepositoryRecord, name: str, digest: str) -> None:
        tag = repository.tags.get(name)
        if repository.tag_immutability and tag is not None and tag.digest != digest:
            raise denied(f"tag {name} of {repository.path} is immutable and points at {tag.digest}")

    def set_tag(self, repository: RepositoryRecord, name: str, digest: str) -> Tag:
        """Point a tag at an existing manifest. Push times are strictly increasing."""
        self._check_mutable(repository, name, digest)
        now = max(self._clock.now_ms(), self._state.last_push_ms + 1)
        self._state.last_push_ms = now
        size, image_id, created = self._about(repository.manifests[digest])
        old = repository.tags.get(name)
        first = old.first_pushed_ms if old else now
        tag = Tag(name, digest, first, now, created if created is not None else now, size, image_id)
        repository.tags[name] = tag
        repository.modified_ms = now
        return tag

    def _about(self, manifest: ManifestRecord) -> tuple[int, str, int | None]:
        """Size, image id and creation time (ms) as ACR derives them from the manifest."""
        value = self.parsed(manifest.digest)
        if manifest.media_type in INDEX_TYPES:
            return 0, "", None
        size = value["config"].get("size", 0) + sum(layer.get("size", 0) for layer in value["layers"])
        config_digest = value["config"]["digest"]
        try:
            text = self.parsed(config_digest).get("created")
            created = int(datetime.fromisoformat(text).timestamp() * 1000) if text else None
        except (ValueError, AttributeError, TypeError):
            created = None
        return size, config_digest.removeprefix("sha256:"), created

    def delete_tag(self, repository: RepositoryRecord, name: str) -> None:
        """Raises MANIFEST_UNKNOWN. The manifest stays."""
        if repository.tags.pop(name, None) is None:
            raise manifest_unknown(name)

    def delete_manifest(self, repository: RepositoryRecord, digest: str) -> None:
        """Delete a digest and its tags. Raises MANIFEST_UNKNOWN."""
        if repository.manifests.pop(digest, None) is None:
            raise manifest_unknown(digest)
        for name in [tag.name for tag in repository.tags.values() if tag.digest == digest]:
            del repository.tags[name]


class Uploads:
    """Unfinished uploads, in memory only."""

    def __init__(self, store: RegistryStore) -> None:
        self._store = store
        self._open: dict[str, bytearray] = {}

    def start(self, request: WireRequest, name: str, upload: str) -> WireResponse:
        repository = self._store.create_by_push(name)
        mount, source = request.param("mount"), request.param("from")
        if mount and source and self._store.mount_blob(repository, mount, source):
            return _created(name, mount)
        if digest := request.param("digest"):
            return _created(name, self._store.put_blob(repository, request.body, digest))
        upload = str(uuid4())
        self._open[upload] = bytearray()
        return self._accepted(name, upload, 202)

    def append(self, request: WireRequest, name: str, upload: str) -> WireResponse:
        self._extend(request, name, upload)
        return self._accepted(name, upload, 202)

    def finish(self, request: WireRequest, name: str, upload: str) -> WireResponse:
        content = self._extend(request, name, upload)
        digest = request.param("digest")
        if not digest:
            raise digest_invalid("the digest parameter is missing")
        self._store.put_blob(self._store.create_by_push(name), bytes(content), digest)
        del self._open[upload]
        return _created(name, digest)

    def progress(self, _: WireRequest, name: str, upload: str) -> WireResponse:
        self._content(upload)
        return self._accepted(name, upload, 204)

    def cancel(self, _: WireRequest, name: str, upload: str) -> WireResponse:  # noqa: ARG002 - the route's part
        self._content(upload)
        del self._open[upload]
        return WireResponse(204)

    def _content(self, upload: str) -> bytearray:
        content = self._open.get(upload)
        if content is None:
            raise upload_unknown(upload)
        return content

    def _extend(self, request: WireRequest, name: str, upload: str) -> bytearray:
        content = self._content(upload)
        announced = re.fullmatch(r"(?:bytes[ =])?(\d+)-(\d+)(?:/.*)?", request.header("content-range"))
        if announced and int(announced[1]) != len(content):
            headers = self._accepted(name, upload, 416).headers
            raise upload_invalid(f"chunk starts at {announced[1]}, expected {len(content)}", headers, 416)
        content += request.body
        return content

    def _accepted(self, name: str, upload: str, status: int) -> WireResponse:
        end = max(len(self._open[upload]) - 1, 0)
        headers = {
            "location": f"/v2/{name}/blobs/uploads/{upload}",
            "range": f"0-{end}",
            "docker-upload-uuid": upload,
        }
        return WireResponse(status, headers=headers)


def _created(name: str, digest: str) -> WireResponse:
    return WireResponse(201, headers={"location": f"/v2/{name}/blobs/{digest}", "docker-content-digest": digest})
