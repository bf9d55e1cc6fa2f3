"""A builder in front of an emulator, both by one clock: nobody waits."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from fcpin.build.builder import BuildRequest
from fcpin.build.making import Made, Maker
from fcpin.build.pipelines import PipelineBuilder
from fcpin.devs.client import DevsClient
from fcpin.emulator import Emulator
from fcpin.image import Image
from fcpin.openapi import Credentials, Retry
from fcpin.pipeline.spec import deadline_of, image_of
from fcpin.registry.registries import Registries
from fcpin.registry.settings import RegistrySettings
from tests.support.clock import ManualClock

COMMIT: Final = "83f96b6c0ffee0123456789abcdef0123456789a"
PATH: Final = "shop/app"
_PERSONAL: Final = "registry.cn-hangzhou.aliyuncs.com"
_AT_ONCE: Final = Retry(attempts=2, seconds=5, first_wait=0, longest_wait=0)


def clock() -> ManualClock:
    """For an emulator and its workshop: requests are signed with the time of day."""
    return ManualClock(datetime.now(UTC))


@dataclass
class Workshop:
    """Builds images in *cloud*, which keeps the time of *clock*."""

    cloud: Emulator
    clock: ManualClock
    told: list[str] = field(default_factory=list)
    guarded: list[str] = field(default_factory=list)
    """Names of pipelines that were begun under guard."""

    @property
    def personal(self) -> dict[str, Any]:
        """The least: a build in the default environment."""
        return {"image": f"{_PERSONAL}/{PATH}:{{commit}}"}

    @property
    def enterprise(self) -> dict[str, Any]:
        """A build that needs the dedicated environment, to be accelerated."""
        vpc = {"vpc_id": "vpc-1", "v_switch_ids": ["vsw-1"], "security_group_id": "sg-1"}
        log = {"project": "logs", "logstore": "builds"}
        return {
            "image": f"{self.cloud.enterprise_host}/{PATH}:{{commit}}_accelerated",
            "instance_id": self.cloud.instance_id,
            "runner": {"region_id": "cn-hangzhou", "vpc_config": vpc, "log_config": log, "timeout": 600},
        }

    def make(self, spec: dict[str, Any], commit: str = COMMIT, *, again: bool = False) -> Made:
        return self.maker.make(self.request(spec, commit), self.told.append, again=again)

    def request(self, spec: dict[str, Any], commit: str = COMMIT) -> BuildRequest:
        return BuildRequest(spec, Image.parse(image_of(spec, commit)), commit, deadline_of(spec))

    @property
    def maker(self) -> Maker:
        return Maker(self.builder, self.registries, self.clock)

    @property
    def builder(self) -> PipelineBuilder:
        client = DevsClient(endpoint=self.cloud.url, credentials=self.credentials, retry=_AT_ONCE)
        return PipelineBuilder(client, self.clock, self._guard)

    @property
    def registries(self) -> Registries:
        cloud = self.cloud
        login = RegistrySettings(endpoint=cloud.url, username=cloud.username, password=cloud.password)
        hosts = {cloud.enterprise_host: RegistrySettings(endpoint=cloud.url), _PERSONAL: login}
        return Registries(hosts, credentials=self.credentials, cr_endpoint=cloud.url, retry=_AT_ONCE)

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.cloud.access_key_id, self.cloud.access_key_secret)

    @property
    def phases(self) -> list[str]:
        """Of every pipeline, in the order of their making."""
        return [one["status"]["phase"] for one in self.cloud.pipelines()]

    def _guard(self, name: str) -> AbstractContextManager[None]:
        self.guarded.append(name)
        return nullcontext()
