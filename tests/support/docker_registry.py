"""Debian's docker-registry on a loopback port of its own, for as long as a test needs it.

with docker_registry(auth=TokenAuth(realm, service, issuer, certificate, "user", "password")) as registry:
    digest = registry.push("shop/app", "release-1", content="one")
"""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import tempfile
import textwrap
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import pytest
import urllib3

from fcpin.image import Digest

PROGRAM: Final = shutil.which("docker-registry") or "/usr/bin/docker-registry"
_LISTENING: Final = re.compile(r"listening on (127\.0\.0\.1:\d+)")
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_INDEX: Final = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class TokenAuth:
    """Tokens of another server, which vouches for them with *certificate* (PEM)."""

    realm: str
    service: str
    issuer: str
    certificate: str
    username: str
    password: str
    _headers: dict[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    def config(self, directory: Path) -> Mapping[str, Any]:
        bundle = directory / "token.pem"
        bundle.write_text(self.certificate)
        token = {"realm": self.realm, "service": self.service, "issuer": self.issuer, "rootcertbundle": str(bundle)}
        return {"token": token}

    def header(self, path: str) -> Mapping[str, str]:
        """A token to push to a repository; requested once."""
        if path not in self._headers:
            self._headers[path] = self._fetch(path)
        return self._headers[path]

    def _fetch(self, path: str) -> Mapping[str, str]:
        fields = {"service": self.service, "scope": f"repository:{path}:pull,push,delete"}
        login = urllib3.make_headers(basic_auth=f"{self.username}:{self.password}")
        answer = urllib3.request("GET", self.realm, fields=fields, headers=login, retries=False)
        assert answer.status == 200, answer.data
        return {"Authorization": f"Bearer {answer.json()['token']}"}


@dataclass(frozen=True)
class Notify:
    """The URL that receives its notifications."""

    url: str
    token: str = field(repr=False)

    def config(self) -> Mapping[str, Any]:
        headers = {"Authorization": [f"Bearer {self.token}"]}
        endpoint = {"name": "tests", "url": self.url, "headers": headers, "timeout": "2s", "threshold": 3, "backoff": "100ms"}  # fmt: skip
        return {"notifications": {"endpoints": [endpoint]}}


@dataclass(frozen=True)
class DockerRegistry:
    """A running registry, and verbs that change what is in it."""

    host: str
    auth: TokenAuth | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def push(
        self,
        path: str,
        tag: str,
        *,
        content: str,
        platforms: Sequence[str] = ("linux/amd64",),
        index: bool = False,
        created: str | None = None,
    ) -> Digest:
        """Push an image, or an index of one image a platform and a build attestation."""
        images = [(platform, *self._push_image(path, content, platform, created)) for platform in platforms]
        if not index and len(images) == 1:
            return self._put_manifest(path, tag, _MANIFEST, images[0][1])
        children = [_child(body, digest, platform) for platform, body, digest in images]
        attestation, digest = self._push_image(path, f"attestation of {content}", "unknown/unknown", None)
        note = {"vnd.docker.reference.type": "attestation-manifest"}
        children.append({**_child(attestation, digest, "unknown/unknown"), "annotations": note})
        manifest = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": children}
        return self._put_manifest(path, tag, _INDEX, json.dumps(manifest).encode())

    def retag(self, path: str, tag: str, *, to: str) -> None:
        """Make *tag* point at what the tag or digest *to* points at."""
        headers = {"Accept": f"{_MANIFEST}, {_INDEX}", **self._headers(path)}
        answer = urllib3.request("GET", f"{self.url}/v2/{path}/manifests/{to}", headers=headers, retries=False)
        assert answer.status == 200, answer.data
        self._put_manifest(path, tag, answer.headers["Content-Type"], answer.data)

    def delete_manifest(self, path: str, digest: str) -> None:
        """Remove a digest with every tag that points at it."""
        url = f"{self.url}/v2/{path}/manifests/{digest}"
        answer = urllib3.request("DELETE", url, headers=self._headers(path), retries=False)
        assert answer.status == 202, answer.data

    def _push_image(self, path: str, content: str, platform: str, created: str | None) -> tuple[bytes, Digest]:
        system, architecture, *variant = platform.split("/")
        config: dict[str, Any] = {"os": system, "architecture": architecture, "rootfs": {"type": "layers"}}
        config |= {"variant": variant[0]} if variant else {}
        config |= {"created": created} if created else {}
        config["config"] = {"Labels": {"content": content}}
        layer = content.encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": self._put_blob(path, json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
            "layers": [self._put_blob(path, layer, "application/vnd.oci.image.layer.v1.tar")],
        }
        body = json.dumps(manifest).encode()
        return body, self._put_manifest(path, _digest(body), _MANIFEST, body)

    def _put_blob(self, path: str, content: bytes, media_type: str) -> Mapping[str, Any]:
        headers = self._headers(path)
        begun = urllib3.request("POST", f"{self.url}/v2/{path}/blobs/uploads/", headers=headers, retries=False)
        assert begun.status == 202, begun.data
        digest = _digest(content)
        url = f"{begun.headers['Location']}&digest={digest}"
        headers = {**headers, "Content-Type": "application/octet-stream"}
        done = urllib3.request("PUT", url, body=content, headers=headers, retries=False)
        assert done.status == 201, done.data
        return {"mediaType": media_type, "size": len(content), "digest": digest}

    def _put_manifest(self, path: str, reference: str, media_type: str, body: bytes) -> Digest:
        headers = {**self._headers(path), "Content-Type": media_type}
        url = f"{self.url}/v2/{path}/manifests/{reference}"
        answer = urllib3.request("PUT", url, body=body, headers=headers, retries=False)
        assert answer.status == 201, answer.data
        return Digest(answer.headers["Docker-Content-Digest"])

    def _headers(self, path: str) -> Mapping[str, str]:
        return self.auth.header(path) if self.auth else {}


def _digest(content: bytes) -> Digest:
    return Digest(f"sha256:{hashlib.sha256(content).hexdigest()}")


def _child(body: bytes, digest: Digest, platform: str) -> dict[str, Any]:
    system, architecture, *variant = platform.split("/")
    where = {"os": system, "architecture": architecture, **({"variant": variant[0]} if variant else {})}
    return {"mediaType": _MANIFEST, "size": len(body), "digest": digest, "platform": where}


@contextmanager
def docker_registry(auth: TokenAuth | None = None, notify: Notify | None = None) -> Iterator[DockerRegistry]:
    """A registry with an empty store. Skips the test where Debian's docker-registry is not installed."""
    if not Path(PROGRAM).exists():
        pytest.skip("docker-registry is not installed (Debian package docker-registry)")
    with tempfile.TemporaryDirectory(prefix="docker-registry-") as name:
        directory = Path(name)
        config = directory / "config.json"  # JSON is YAML
        config.write_text(json.dumps({**_config(directory, auth), **(notify.config() if notify else {})}))
        with subprocess.Popen([PROGRAM, "serve", config], stderr=subprocess.PIPE, text=True) as process:
            try:
                yield DockerRegistry(_address(process), auth)
            finally:
                process.terminate()


def _config(directory: Path, auth: TokenAuth | None) -> Mapping[str, Any]:
    return {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {"inmemory": {}, "delete": {"enabled": True}},
        "http": {"addr": "127.0.0.1:0", "secret": base64.b64encode(b"of the tests").decode()},
        **({"auth": auth.config(directory)} if auth else {}),
    }


def _address(process: subprocess.Popen[str]) -> str:
    """Where it listens: it chooses a free port itself and logs it."""
    assert process.stderr is not None
    lines = list[str]()
    for line in process.stderr:
        lines.append(line)
        if match := _LISTENING.search(line):
            # Read on, or the registry stops when the pipe is full.
            threading.Thread(target=_drain, args=[process.stderr], daemon=True).start()
            return match[1]
    raise RuntimeError("docker-registry ended:\n" + textwrap.indent("".join(lines), "  "))


def _drain(log: IO[str]) -> None:
    with suppress(ValueError):  # closed while it is read, at the end of the test
        deque(log, maxlen=0)
