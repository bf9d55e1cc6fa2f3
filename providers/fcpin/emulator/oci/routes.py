"""The distribution API, version 1.1, over HTTP: `/v2/…`."""

import hmac
import re
from collections.abc import Callable
from urllib.parse import quote, urlencode

from fcpin.emulator.knobs import Knobs
from fcpin.emulator.oci.auth import Gate
from fcpin.emulator.oci.model import OciError, denied, response, unsupported
from fcpin.emulator.oci.store import DIGEST, RegistryStore, Uploads
from fcpin.emulator.wire import ApiError, WireRequest, WireResponse

_NAME = r"(?P<name>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)"
_STORAGE = "/_storage/"
_RIGHTS = {"GET": "pull", "HEAD": "pull", "POST": "push", "PUT": "push", "PATCH": "push", "DELETE": "delete"}

Handler = Callable[..., WireResponse]


class OciRoutes:
    """Answers every path that no other API has: `/v2/…`, the token endpoint `/auth` and the object storage."""

    def __init__(self, store: RegistryStore, gate: Gate, knobs: Knobs, storage: "Storage") -> None:
        self._store = store
        self._gate = gate
        self._knobs = knobs
        self._storage = storage
        self._uploads = Uploads(store)
        self._routes: tuple[tuple[str, re.Pattern[str], dict[str, Handler]], ...] = (
            ("tags/list", re.compile(rf"/v2/{_NAME}/tags/list"), {"GET": self._tags}),
            (
                "blob upload",
                re.compile(rf"/v2/{_NAME}/blobs/uploads/(?P<upload>[0-9a-f-]*)"),
                {
                    "POST": self._uploads.start,
                    "PATCH": self._uploads.append,
                    "PUT": self._uploads.finish,
                    "GET": self._uploads.progress,
                    "DELETE": self._uploads.cancel,
                },
            ),
            (
                "blob",
                re.compile(rf"/v2/{_NAME}/blobs/(?P<digest>[^/]+)"),
                {"GET": self._blob, "HEAD": self._blob, "DELETE": self._delete_blob},
            ),
            (
                "manifest",
                re.compile(rf"/v2/{_NAME}/manifests/(?P<reference>[^/]+)"),
                {
                    "GET": self._manifest,
                    "HEAD": self._manifest,
                    "PUT": self._put_manifest,
                    "DELETE": self._delete_manifest,
                },
            ),
        )

    def action(self, request: WireRequest) -> tuple[str, str]:
        """The action by which the call is recorded, and its target."""
        if request.path == "/auth":
            return f"{request.method} token", " ".join(request.params("scope"))
        if request.path.startswith(_STORAGE):
            return f"{request.method} storage", request.path.removeprefix(_STORAGE)
        for label, pattern, _ in self._routes:
            if match := pattern.fullmatch(request.path):
                parts = match.groupdict()
                detail = parts.get("reference") or parts.get("digest") or ""
                return f"{request.method} {label}", f"{parts['name']}:{detail}" if detail else parts["name"]
        return f"{request.method} {request.path}", ""

    def answer(self, request: WireRequest) -> WireResponse:
        """Raises OciError."""
        if request.path == "/auth" and request.method == "GET":
            return self._gate.token(request)
        if request.path.startswith(_STORAGE):
            return self._storage.answer(request)
        if request.path in ("/v2", "/v2/"):
            self._gate.check(request)
            return WireResponse.of_json({}, headers={"docker-distribution-api-version": "registry/2.0"})
        for _, pattern, handlers in self._routes:
            if (match := pattern.fullmatch(request.path)) is None:
                continue
            handler = handlers.get(request.method)
            if handler is None:
                raise unsupported(request.method, request.path)
            self._gate.check(request, match["name"], _RIGHTS[request.method])
            return handler(request, **match.groupdict())
        if any(pattern.fullmatch(request.path.lower()) for _, pattern, _ in self._routes):
            raise OciError(400, "NAME_INVALID", f"invalid repository name: {request.path}")
        raise unsupported(request.method, request.path)

    def failed(self, error: ApiError) -> WireResponse:
        return response(error)

    def _tags(self, request: WireRequest, name: str) -> WireResponse:
        names = list(self._store.repository(name).tags)
        if self._knobs.oci_sorted:
            names.sort()
        last = request.param("last")
        if last in names:
            names = names[names.index(last) + 1 :]
        elif last:
            names = [one for one in names if one > last]
        size = self._knobs.oci_page_size
        if request.param("n"):
            size = min(size, _number(request.param("n")))
        page = names[:size]
        headers = {}
        if len(names) > len(page):
            query = urlencode({"last": page[-1] if page else last, "n": size})
            headers["link"] = f'</v2/{name}/tags/list?{query}>; rel="next"'
        return WireResponse.of_json({"name": name, "tags": page}, headers=headers)

    def _manifest(self, request: WireRequest, name: str, reference: str) -> WireResponse:
        manifest = self._store.manifest(self._store.repository(name), reference)
        accepted = [part.partition(";")[0].strip() for part in request.header("accept").split(",")]
        if not {manifest.media_type, "*/*", "application/*", ""}.intersection(accepted):
            raise OciError(404, "MANIFEST_UNKNOWN", f"{reference} is a {manifest.media_type}, not in Accept")
        content = self._store.content(manifest.digest)
        headers = {
            "content-type": manifest.media_type,
            "docker-content-digest": manifest.digest,
            "etag": f'"{manifest.digest}"',
            "docker-distribution-api-version": "registry/2.0",
        }
        return _whole(request, content, headers)

    def _put_manifest(self, request: WireRequest, name: str, reference: str) -> WireResponse:
        media_type = request.header("content-type").partition(";")[0].strip()
        digest = self._store.put_manifest(self._store.create_by_push(name), reference, request.body, media_type)
        headers = {"location": f"/v2/{name}/manifests/{digest}", "docker-content-digest": digest}
        return WireResponse(201, headers=headers)

    def _delete_manifest(self, _: WireRequest, name: str, reference: str) -> WireResponse:
        repository = self._store.repository(name)
        if DIGEST.fullmatch(reference):
            self._store.delete_manifest(repository, reference)
        else:
            self._store.delete_tag(repository, reference)
        return WireResponse(202)

    def _blob(self, request: WireRequest, name: str, digest: str) -> WireResponse:
        content = self._store.blob(self._store.repository(name), digest)
        if request.method == "GET" and self._knobs.oci_blob_redirect:
            return WireResponse(307, headers={"location": self._storage.url(request, digest)})
        return _whole(request, content, {"content-type": "application/octet-stream", "docker-content-digest": digest})

    def _delete_blob(self, _: WireRequest, name: str, digest: str) -> WireResponse:
        repository = self._store.repository(name)
        self._store.blob(repository, digest)
        del repository.blobs[digest]
        return WireResponse(202)


def _whole(request: WireRequest, content: bytes, headers: dict[str, str]) -> WireResponse:
    if request.method == "HEAD":
        return WireResponse(200, b"", headers, content_length=len(content))
    return WireResponse(200, content, headers)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise OciError(400, "PAGINATION_NUMBER_INVALID", f"n is {text!r}, expected a number")
    return int(text)


class Storage:
    """The storage of blobs, at another host name: a signed link replaces the token.

    As in Alibaba's object storage, a request with both a signed link and an Authorization header is rejected.
    """

    def __init__(self, store: RegistryStore, secret: str) -> None:
        self._store = store
        self._secret = secret

    def url(self, request: WireRequest, digest: str) -> str:
        port = request.header("host").rpartition(":")[2]
        return f"http://localhost:{port}{_STORAGE}{quote(digest)}?Signature={self._sign(digest)}"

    def answer(self, request: WireRequest) -> WireResponse:
        digest = request.path.removeprefix(_STORAGE)
        if request.header("authorization"):
            raise OciError(400, "InvalidArgument", "Only one auth mechanism allowed; drop the Authorization header")
        if not hmac.compare_digest(request.param("Signature"), self._sign(digest)):
            raise denied("the signature of the link is wrong")
        return _whole(request, self._store.content(digest), {"content-type": "application/octet-stream"})

    def _sign(self, digest: str) -> str:
        return hmac.new(self._secret.encode(), digest.encode(), "sha256").hexdigest()
