"""Client of a registry in another process, with tokens that the emulator issues."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlencode, urljoin

import urllib3

from fcpin.emulator.oci.auth import SERVICE, Access, Tokens
from fcpin.emulator.oci.build import OciImage
from fcpin.emulator.oci.store import digest_of

_SERVICE = re.compile(r'service="([^"]*)"')
_PULL = ("pull",)
_PUSH = ("pull", "push")


class RemoteError(Exception):
    """The registry failed or returned an unexpected status. `str()` is the reason."""


class RemoteRegistry:
    """One host's registry. Raises RemoteError."""

    def __init__(self, host: str, url: str, tokens: Tokens) -> None:
        self.host = host
        self._url = url.rstrip("/")
        self._tokens = tokens
        self._service = SERVICE
        self._issued: dict[tuple[str, str, tuple[str, ...]], str] = {}
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(10.0), retries=False)

    def get(self, method: str, path: str, what: str, accept: str) -> urllib3.BaseHTTPResponse | None:
        """GET or HEAD of `manifests/…` or `blobs/…`; None for 404."""
        response = self._send(method, path, what, headers={"accept": accept})
        if response.status == HTTPStatus.TEMPORARY_REDIRECT:
            response = self._request("GET", response.headers["location"])
        if response.status == HTTPStatus.NOT_FOUND:
            return None
        self._expect(HTTPStatus.OK, response, path, f"{method} {what}")
        return response

    def push(self, path: str, tag: str, image: OciImage) -> None:
        """Push the blobs, then the manifest under *tag*."""
        for blob in image.blobs:
            self._push_blob(path, blob)
        what, headers = f"manifests/{tag}", {"content-type": image.media_type}
        response = self._send("PUT", path, what, _PUSH, headers, image.manifest)
        self._expect(HTTPStatus.CREATED, response, path, f"PUT {what}")

    def _push_blob(self, path: str, blob: bytes) -> None:
        digest, uploads = digest_of(blob), "blobs/uploads/"
        if self._send("HEAD", path, f"blobs/{digest}").status in (HTTPStatus.OK, HTTPStatus.TEMPORARY_REDIRECT):
            return
        started = self._send("POST", path, uploads, _PUSH)
        self._expect(HTTPStatus.ACCEPTED, started, path, f"POST {uploads}")
        address = urljoin(f"{self._url}/", started.headers["location"])
        address += ("&" if "?" in address else "?") + urlencode({"digest": digest})
        headers = {"content-type": "application/octet-stream", **self._authorization(path, _PUSH)}
        done = self._request("PUT", address, headers, blob)
        self._expect(HTTPStatus.CREATED, done, path, f"PUT {uploads}")

    def _send(
        self,
        method: str,
        path: str,
        what: str,
        actions: tuple[str, ...] = _PULL,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> urllib3.BaseHTTPResponse:
        """Send a request with a token; repeat it if the challenge names another service."""
        url = f"{self._url}/v2/{path}/{what}"
        response = self._request(method, url, {**(headers or {}), **self._authorization(path, actions)}, body)
        challenged = _SERVICE.search(response.headers.get("www-authenticate", ""))
        if response.status == HTTPStatus.UNAUTHORIZED and challenged and challenged[1] != self._service:
            self._service = challenged[1]
            response = self._request(method, url, {**(headers or {}), **self._authorization(path, actions)}, body)
        return response

    def _request(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> urllib3.BaseHTTPResponse:
        try:
            return self._http.request(method, url, headers=headers, body=body, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise RemoteError(f"registry cannot be reached: {type(error).__name__}") from error

    def _expect(self, status: int, response: urllib3.BaseHTTPResponse, path: str, what: str) -> None:
        if response.status != status:
            raise RemoteError(f"registry returned {response.status} to {what} of {self.host}/{path}")

    def _authorization(self, path: str, actions: tuple[str, ...]) -> Mapping[str, str]:
        """A token for *path*, reused for half of its lifetime."""
        token = self._issued.get((self._service, path, actions))
        if token is None or not self._tokens.is_fresh(token):
            token = self._tokens.issue("function-compute", self._service, [Access(path, actions)])
            self._issued[self._service, path, actions] = token
        return {"authorization": f"Bearer {token}"}

    def close(self) -> None:
        self._http.clear()
