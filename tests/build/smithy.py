"""buildah in front of a code repository and a real registry."""

from dataclasses import dataclass, field
from typing import Any, Final

from demo.code import Code
from fcpin.build.buildah import Buildah
from fcpin.build.builder import BuildRequest
from fcpin.build.making import Made, Maker
from fcpin.clock import Clock, SystemClock
from fcpin.image import Digest, Image, Repository
from fcpin.pipeline.spec import deadline_of, image_of, require
from fcpin.registry.registries import Registries
from fcpin.registry.settings import RegistrySettings
from tests.support.docker_registry import DockerRegistry

HOST: Final = "registry.cn-hangzhou.aliyuncs.com"
PATH: Final = "shop/app"
IMAGE: Final = f"{HOST}/{PATH}:{{commit}}"


@dataclass
class Smithy:
    """Builds images of *code*, and pushes them into *registry*."""

    code: Code
    registry: DockerRegistry
    told: list[str] = field(default_factory=list)
    clock: Clock = field(default_factory=SystemClock)
    username: str = ""
    password: str = ""

    def make(self, commit: str, *, again: bool = False, **spec: Any) -> Made:
        return self.maker.make(self.request(commit, **spec), self.told.append, again=again)

    def request(self, commit: str, **spec: Any) -> BuildRequest:
        spec = {"image": IMAGE, "builder": "buildah", **spec}
        require(spec, "", commit)
        return BuildRequest(spec, Image.parse(image_of(spec, commit)), commit, deadline_of(spec))

    def found(self, tag: str) -> Digest | None:
        """What the registry has."""
        return self.maker.find(Image.parse(f"{HOST}/{PATH}:{tag}"))

    @property
    def maker(self) -> Maker:
        settings = RegistrySettings(endpoint=self.registry.url, username=self.username, password=self.password)
        registries = Registries({HOST: settings})
        return Maker(
            Buildah(self.code.folder, lambda name: registries.open(name).push_target(), self.clock),
            registries,
            self.clock,
        )

    @property
    def repository(self) -> Repository:
        return Repository.parse(f"{HOST}/{PATH}")
