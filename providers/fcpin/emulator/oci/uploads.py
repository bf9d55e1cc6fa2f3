"""Blob uploads: whole, or in chunks one after the other."""

import re
from uuid import uuid4

from fcpin.emulator.oci import errors
from fcpin.emulator.oci.store import Store
from fcpin.emulator.wire import WireRequest, WireResponse


class Uploads:
    """Unfinished uploads. They are lost with the process, as clients expect of a registry."""

    def __init__(self, store: Store) -> None:
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
            raise errors.digest_invalid("the digest parameter is missing")
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
            raise errors.upload_unknown(upload)
        return content

    def _extend(self, request: WireRequest, name: str, upload: str) -> bytearray:
        content = self._content(upload)
        announced = re.fullmatch(r"(?:bytes[ =])?(\d+)-(\d+)(?:/.*)?", request.header("content-range"))
        if announced and int(announced[1]) != len(content):
            headers = self._accepted(name, upload, 416).headers
            raise errors.upload_invalid(f"chunk starts at {announced[1]}, expected {len(content)}", headers, 416)
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
