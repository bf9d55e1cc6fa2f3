"""The registries that Function Compute pulls from: the emulator's own, and real ones by the OCI API."""

import json
import re
from typing import Any

import urllib3

from emulator.fc.images import Found, ImageUnusable
from emulator.oci.errors import OciError
from emulator.oci.store import IMAGE_TYPES, INDEX_TYPES, Store, digest_of
from emulator.oci.tokens import SERVICE, Access, Tokens

_ACCEPT = ", ".join(sorted(INDEX_TYPES | IMAGE_TYPES))
_SERVICE = re.compile(r'service="([^"]*)"')
_NOT_FOUND = 404


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
    """A registry somewhere else, with tokens that the emulator itself makes."""

    def __init__(self, host: str, url: str, tokens: Tokens) -> None:
        self._host = host
        self._url = url.rstrip("/")
        self._tokens = tokens
        self._service = SERVICE
        self._issued: dict[tuple[str, str], str] = {}
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(10.0), retries=False)

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
            raise ImageUnusable(f"image {self._host}/{path}: config {digest} not found")
        value: dict[str, Any] = json.loads(response.data)
        return value

    def _get(self, method: str, path: str, what: str) -> urllib3.BaseHTTPResponse | None:
        """None when there is no such thing. Raises ImageUnusable."""
        response = self._send(method, path, what)
        challenged = _SERVICE.search(response.headers.get("www-authenticate", ""))
        if response.status == 401 and challenged and challenged[1] != self._service:
            self._service = challenged[1]
            response = self._send(method, path, what)
        if response.status == _NOT_FOUND:
            return None
        if response.status != 200:
            raise ImageUnusable(f"image {self._host}/{path}: registry answered {response.status} to {method} {what}")
        return response

    def _send(self, method: str, path: str, what: str) -> urllib3.BaseHTTPResponse:
        headers = {"accept": _ACCEPT, "authorization": f"Bearer {self._token(path)}"}
        try:
            response = self._http.request(method, f"{self._url}/v2/{path}/{what}", headers=headers, redirect=False)
            if response.status == 307:
                response = self._http.request("GET", response.headers["location"])
        except urllib3.exceptions.HTTPError as error:
            raise ImageUnusable(
                f"image {self._host}/{path}: registry cannot be reached: {type(error).__name__}"
            ) from error
        return response

    def _token(self, path: str) -> str:
        """One for *path*, used again until it is about to expire."""
        token = self._issued.get((self._service, path))
        if token is None or not self._tokens.is_fresh(token):
            token = self._tokens.issue("function-compute", self._service, [Access(path, ("pull",))])
            self._issued[self._service, path] = token
        return token

    def close(self) -> None:
        self._http.clear()
