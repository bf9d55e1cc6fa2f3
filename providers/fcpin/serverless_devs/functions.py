"""The functions of an `s.yaml`, as they can be adopted by a stack, and why the others cannot."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from fcpin.adoption.candidates import LeftOut
from fcpin.adoption.guess import guess
from fcpin.adoption.guessed import Guess
from fcpin.errors import InvalidImage, InvalidSettings, Problem
from fcpin.fc.model import RUNTIME
from fcpin.image import Repository, acr_host, is_tag
from fcpin.pipelines.checks import is_masked
from fcpin.serverless_devs.document import Document
from fcpin.serverless_devs.references import Unresolved, with_environment
from fcpin.serverless_devs.tags import deployed

_COMPONENT: Final = re.compile(r"fc3(?:@[\w.+-]+)?")
"""With a version or a channel of it: `fc3@0.1.4`, `fc3@dev`."""
_EDITION: Final = "3."
_TAG: Final = re.compile(r":((?:\$\{[^{}]*\}|[^:/@${}])*)$")

Known = Callable[[str, str], str]
"""What pins the function of this name in this region already; empty for nothing."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A function that Serverless Devs deploys."""

    resource: str
    """What `s.yaml` calls it."""
    name: str
    region: str
    repository: Repository
    written: str
    """The tag as it is written, `${env(GIT_COMMIT)}` say."""
    guess: Guess


def functions(
    document: Document, known: Known, registries: Collection[str], environment: Mapping[str, str]
) -> list[Deployed | LeftOut]:
    """Every resource of *document*, in its order. Raises InvalidSettings for what is no `s.yaml` of edition 3."""
    if not document.edition.startswith(_EDITION):
        found = document.edition or "none"
        raise InvalidSettings(
            Problem("edition", f"expected 3.0.0, got {found}; `s cli fc3 s2tos3` turns older files into it")
        )
    if not document.resources:
        raise InvalidSettings(Problem("resources", "expected one entry a resource, by name"))
    read = _Reader(document, known, registries, environment)
    return [read(resource) for resource in document.resources]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one resource after the other."""

    document: Document
    known: Known
    registries: Collection[str]
    environment: Mapping[str, str]

    def __call__(self, resource: str) -> Deployed | LeftOut:
        try:
            if why := self._unfit(resource):
                return LeftOut(resource, why)
            return self._deployed(resource)
        except Unresolved as reference:
            return LeftOut(resource, f"refers to {reference}: write its entry by hand")
        except InvalidImage as error:
            return LeftOut(resource, f"its image cannot be read: {error}")

    def _unfit(self, resource: str) -> str:
        """Why *resource* is no function with an image."""
        component = self._get(resource, "component")
        if not component:
            return "has no component and props"
        if not _COMPONENT.fullmatch(component):
            return f"is deployed by the component {component}, and only fc3 makes functions of Function Compute 3.0"
        template = self.document.missing_template(resource)
        lost = f"; it extends the template {template}, which this file does not have" if template else ""
        runtime = self._get(resource, "props", "runtime")
        if not self._get(resource, "props", "functionName"):
            return f"has no functionName{lost}"
        if runtime != RUNTIME:
            found = f"the runtime {runtime}" if runtime else "no runtime"
            return f"has {found}; fcpin deploys to {RUNTIME} functions only{lost}"
        if not self.document.get(resource, "props", "customContainerConfig", "image"):
            return f"has no customContainerConfig.image{lost}"
        return ""

    def _deployed(self, resource: str) -> Deployed | LeftOut:
        name, region = self._get(resource, "props", "functionName"), self._get(resource, "props", "region")
        image = self.document.get(resource, "props", "customContainerConfig", "image") or ""
        found = _TAG.search(image)
        named, tag = (image[: found.start()], found[1]) if found else (image, "latest")
        if is_masked(image):
            return LeftOut(resource, f"its image {image} is masked with ***: write the real name")
        if "@" in named:
            return LeftOut(resource, f"deploys {image}, by digest: no tag tells what to follow")
        repository = Repository.parse(with_environment(named, self.environment))
        if acr_host(repository.host) is None and repository.host not in self.registries:
            return LeftOut(resource, f"deploys {image}, of a registry that is not ACR: write its entry by hand")
        if pinned := self.known(name, region):
            return LeftOut(resource, pinned)
        looks = deployed(tag, self.environment)
        if not is_tag(looks):
            return LeftOut(resource, f"deploys {image}, and {looks[:200]} is not a valid tag")
        return Deployed(resource, name, region, repository, tag, guess(looks))

    def _get(self, resource: str, *path: str) -> str:
        return with_environment(self.document.get(resource, *path) or "", self.environment)
