"""buildah in front of a code repository and a real registry."""

from dataclasses import dataclass, field
from typing import Any, Final

from demo.code import Code
from fcpin.pipelines.buildah import Buildah
from fcpin.pipelines.builder import BuildRequest
from fcpin.pipelines.image_builds import BuiltImage, ImageBuilds
from fcpin.clock import Clock, SystemClock
from fcpin.image import Digest, Image, Repository
from fcpin.pipelines.spec import deadline_of, image_of, require
from fcpin.registry.directory import RegistryDirectory
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
        directory = RegistryDirectory({HOST: settings})
        return Maker(Buildah(self.code.folder, directory.push_target, self.clock), directory, self.clock)

    @property
    def repository(self) -> Repository:
        return Repository.parse(f"{HOST}/{PATH}")
