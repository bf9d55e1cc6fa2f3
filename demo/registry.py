"""Two registries to push to: Debian's docker-registry as ACR Personal, the emulator as ACR Enterprise.

Where docker-registry or skopeo is not installed, the emulator is both.
"""

import base64
import gzip
import hashlib
import io
import json
import shutil
import socket
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from demo.narrator import Narrator
from fcpin.emulator import Emulator
from fcpin.emulator.oci.auth import ISSUER
from fcpin.errors import RepositoryNotFound, TagNotFound
from fcpin.image import Repository
from fcpin.registry.registries import Registries as RegistryClients
from fcpin.registry.registries import digest_of
from fcpin.registry.settings import RegistrySettings

PERSONAL: Final = "registry-vpc.cn-hangzhou.aliyuncs.com"
"""The host in images of functions. fcpin sends its requests to the public host of the same registry."""
PERSONAL_PUBLIC: Final = "registry.cn-hangzhou.aliyuncs.com"

SERVICE: Final = "registry.aliyuncs.com:cn-hangzhou:26842"
_PATIENCE: Final = 10.0
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Registries:
    """The emulator, and the addresses of both registries by the host that functions name."""

    cloud: Emulator
    addresses: dict[str, str]
    folder: Path
    narrator: Narrator
    without_push_times: Sequence[str] = ()
    """Hosts of registries that have no API for push times."""

    @property
    def settings(self) -> dict[str, Any]:
        """The value of `fcpin:registries`."""
        return {
            host: {"endpoint": f"http://{address}"} | ({"push_times": False} if host in self.without_push_times else {})
            for host, address in self.addresses.items()
        }

    @property
    def docker_config(self) -> Path:
        """A folder with logins for both registries, as `docker login` leaves them."""
        login = base64.b64encode(f"{self.cloud.username}:{self.cloud.password}".encode()).decode()
        hosts = [*self.addresses.values(), PERSONAL_PUBLIC, *self.addresses]
        folder = self.folder / "docker"
        folder.mkdir(exist_ok=True)
        file = folder / "config.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps({"auths": {host: {"auth": login} for host in hosts}}))
        return folder

    def push(self, host: str, path: str, tag: str, content: str) -> str:
        """Build an image of *content*, push it as `host/path:tag`, and return its digest."""
        address = self.addresses[host]
        if shutil.which("skopeo") is None:
            self.narrator.write(f"(skopeo is not installed: the emulator builds {path}:{tag})")
            return self.cloud.push(path, tag, content=content)
        image = self.folder / "images" / content.replace(" ", "-")
        digest = _build(image, content, datetime.now(UTC))
        source, target = f"oci:{image.relative_to(self.folder)}", f"docker://{address}/{path}:{tag}"
        self.narrator.run(
            ["skopeo", "copy", "--quiet", "--dest-tls-verify=false", source, target],
            {"REGISTRY_AUTH_FILE": str(self.docker_config / "config.json")},
        )
        return digest

    def running_digest(self, function: str) -> str:
        """The digest that *function* runs."""
        resolved: str = self.cloud.function(function)["customContainerConfig"]["resolvedImageUri"]
        return resolved.partition("@")[2]

    def digest(self, host: str, path: str, tag: str) -> str:
        """The digest of `host/path:tag`; empty if there is none."""
        endpoint = f"http://{self.addresses[host]}"
        login = RegistrySettings(endpoint=endpoint, username=self.cloud.username, password=self.cloud.password)
        repository = Repository(host, path)
        try:
            return digest_of(RegistryClients({host: login}).open(repository).resolve(tag), repository)
        except (TagNotFound, RepositoryNotFound):
            return ""


@contextmanager
def registries(
    folder: Path, narrator: Narrator, notifications: Mapping[str, Any] | None = None
) -> Iterator[Registries]:
    """A cloud and its registries on loopback, until the block ends.

    *notifications* is a part of docker-registry's configuration: where it reports pushes.
    """
    program, skopeo = shutil.which("docker-registry"), shutil.which("skopeo")
    if program is None or skopeo is None:
        narrator.write(
            "docker-registry and skopeo are not both installed: the emulator's registry replaces docker-registry."
        )
        with Emulator().serve() as cloud:
            yield Registries(cloud, {PERSONAL: cloud.address, cloud.enterprise_host: cloud.address}, folder, narrator)
        return
    narrator.write(
        "docker-registry replaces ACR Personal; it has no push times, so the newest image is the one built last."
    )
    address = f"127.0.0.1:{free_port()}"
    with (
        Emulator(registries={PERSONAL: f"http://{address}"}).serve() as cloud,
        _docker_registry(program, address, cloud, folder, notifications),
    ):
        addresses = {PERSONAL: address, cloud.enterprise_host: cloud.address}
        yield Registries(cloud, addresses, folder, narrator, without_push_times=[PERSONAL])


@contextmanager
def _docker_registry(
    program: str, address: str, cloud: Emulator, folder: Path, notifications: Mapping[str, Any] | None
) -> Iterator[None]:
    certificate, config = folder / "token.pem", folder / "registry.json"
    certificate.write_text(cloud.token_certificate)
    token = {"realm": f"{cloud.url}/auth", "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(certificate)}
    config.write_text(
        json.dumps(
            {
                "version": "0.1",
                "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}},
                "http": {"addr": address},
                "auth": {"token": token},
                **({"notifications": notifications} if notifications else {}),
            }
        )
    )
    with (folder / "registry.log").open("w") as log:
        process = subprocess.Popen([program, "serve", str(config)], stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_for(address, process)
            yield
        finally:
            process.terminate()
            process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    host, _, port = address.partition(":")
    deadline = datetime.now(UTC).timestamp() + _PATIENCE
    while process.poll() is None and datetime.now(UTC).timestamp() < deadline:
        with socket.socket() as attempt:
            attempt.settimeout(0.1)
            if attempt.connect_ex((host, int(port))) == 0:
                return
    raise RuntimeError(f"docker-registry did not start on {address}; see .demo/registry.log")


def free_port() -> int:
    """A port of this machine that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def commit_tag(change: str) -> str:
    """The tag that a build pushes for a commit: the family, and the commit's hash."""
    return f"release-{hashlib.sha256(change.encode()).hexdigest()[:40]}"


def _build(folder: Path, content: str, created: datetime) -> str:
    """Write an image for linux/amd64 with the file `/app` into *folder*; return its digest."""
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
