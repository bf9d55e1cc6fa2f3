"""Builders with registries to push to: Serverless Devs in the emulator, and buildah with a real registry."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from demo.code import Code
from fcpin.clock import Clock, SystemClock
from fcpin.emulator import Emulator
from fcpin.http.credentials import Credentials
from fcpin.http.retries import Retry
from fcpin.image import Digest, Image
from fcpin.pipelines.buildah import Buildah
from fcpin.pipelines.builder import Builder, BuildRequest
from fcpin.pipelines.devs import DevsClient
from fcpin.pipelines.devs_builder import DevsBuilder
from fcpin.pipelines.image_builds import BuiltImage, ImageBuilds
from fcpin.pipelines.spec import read_all
from fcpin.registry.registries import Registries
from fcpin.registry.settings import RegistrySettings
from tests.support.clock import ManualClock
from tests.support.docker_registry import DockerRegistry

COMMIT: Final = "83f96b6c0ffee0123456789abcdef0123456789a"
SHORT: Final = COMMIT[:7]
HOST: Final = "registry.cn-hangzhou.aliyuncs.com"
PATH: Final = "shop/app"
PERSONAL: Final = {"image": f"{HOST}/{PATH}:{{commit}}"}
AT_ONCE: Final = Retry(attempts=3, seconds=10, first_wait=0, longest_wait=0)


def document(name: str = "p-1", image: str = f"{HOST}/{PATH}:8f2b1c0", **more: Any) -> dict[str, Any]:
    """A pipeline with one build; *more* are `build` and `data` of its task, and keys of the pipeline."""
    data = {"enable": True, "build": {"image": image, **more.pop("build", {})}, **more.pop("data", {})}
    task = {"name": "build", "taskTemplate": "build-image-task", "context": {"data": data}, "runAfters": []}
    return {"kind": "Pipeline", "name": name, "spec": {"templateSpec": {"tasks": [task]}}, **more}


def client_of(cloud: Emulator, secret: str = "") -> DevsClient:
    """A client that does not wait between attempts."""
    credentials = Credentials(cloud.access_key_id, secret or cloud.access_key_secret)
    return DevsClient(endpoint=cloud.url, credentials=credentials, retry=AT_ONCE)


@dataclass
class BuildHarness:
    """A builder, and the registries that it pushes to."""

    clock: Clock
    lines: list[str] = field(default_factory=list)
    """What was reported."""

    def ensure(self, spec: dict[str, Any], commit: str = COMMIT, *, rebuild: bool = False) -> BuiltImage:
        return self.builds().ensure_image(self.request(spec, commit), self.lines.append, rebuild=rebuild)

    def request(self, spec: dict[str, Any], commit: str = COMMIT) -> BuildRequest:
        entry = read_all({"app": spec}, commit)["app"]
        return BuildRequest(entry, Image.parse(entry.image_at(commit)), commit, entry.deadline_seconds)

    def builds(self, builder: Builder | None = None) -> ImageBuilds:
        """With new registries, as another run has."""
        return ImageBuilds(builder or self.builder, self.registries, self.clock)

    @property
    def builder(self) -> Builder:
        raise NotImplementedError

    @property
    def registries(self) -> Registries:
        raise NotImplementedError


@dataclass
class DevsHarness(BuildHarness):
    """Serverless Devs and ACR in the emulator, which keeps the time of the harness."""

    cloud: Emulator = field(kw_only=True)
    guarded: list[str] = field(default_factory=list)
    """Names of the pipelines for which `cancel_on_exit` was entered."""

    @property
    def enterprise(self) -> dict[str, Any]:
        """An accelerated image, which needs the dedicated environment."""
        vpc = {"vpc_id": "vpc-1", "v_switch_ids": ["vsw-1"], "security_group_id": "sg-1"}
        log = {"project": "logs", "logstore": "builds"}
        return {
            "image": f"{self.cloud.enterprise_host}/{PATH}:{{commit}}_accelerated",
            "instance_id": self.cloud.instance_id,
            "runner": {"region_id": "cn-hangzhou", "vpc_config": vpc, "log_config": log, "timeout": 600},
        }

    @property
    def phases(self) -> list[str]:
        """Of every pipeline, in the order of their creation."""
        return [pipeline["status"]["phase"] for pipeline in self.cloud.pipelines()]

    @property
    def builder(self) -> DevsBuilder:
        return DevsBuilder(client_of(self.cloud), self.clock, self._cancel_on_exit)

    @property
    def registries(self) -> Registries:
        cloud = self.cloud
        login = RegistrySettings(endpoint=cloud.url, username=cloud.username, password=cloud.password)
        hosts = {cloud.enterprise_host: RegistrySettings(endpoint=cloud.url), HOST: login}
        credentials = Credentials(cloud.access_key_id, cloud.access_key_secret)
        return Registries(hosts, credentials=credentials, cr_endpoint=cloud.url, retry=AT_ONCE)

    @contextmanager
    def _cancel_on_exit(self, name: str) -> Iterator[None]:
        self.guarded.append(name)
        yield


def manual_clock() -> ManualClock:
    """For an emulator and its harness: requests are signed with the time of day."""
    return ManualClock(datetime.now(UTC))


@dataclass
class BuildahHarness(BuildHarness):
    """buildah, a code repository and a real registry."""

    clock: Clock = field(default_factory=SystemClock)
    code: Code = field(kw_only=True)
    registry: DockerRegistry = field(kw_only=True)
    username: str = ""
    password: str = ""

    def build(self, commit: str, *, rebuild: bool = False, **spec: Any) -> Digest:
        return self.ensure({**PERSONAL, "builder": "buildah", **spec}, commit, rebuild=rebuild).digest

    def find(self, tag: str) -> Digest | None:
        return self.builds().find(Image.parse(f"{HOST}/{PATH}:{tag}"))

    @property
    def builder(self) -> Buildah:
        registries = self.registries
        return Buildah(self.code.folder, lambda name: registries.open(name).push_target(), self.clock)

    @property
    def registries(self) -> Registries:
        settings = RegistrySettings(endpoint=self.registry.url, username=self.username, password=self.password)
        return Registries({HOST: settings})
