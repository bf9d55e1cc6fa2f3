"""The functions of an `s.yaml`, as they can be adopted by a stack, and why the others cannot."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fcpin.adoption.candidates import LeftOut
from fcpin.adoption.guess import Guess
from fcpin.errors import InvalidImage, InvalidSettings, Problem
from fcpin.fc.runtime_config import RUNTIME
from fcpin.image import Repository, acr_host, is_tag
from fcpin.pipeline.images import is_masked
from fcpin.serverless_devs.tags import followed
from fcpin.serverless_devs.values import Unresolved, split, with_environment, with_vars

COMPONENT: Final = "fc3"
_EDITION: Final = "3."

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
    document: object, known: Known, registries: Collection[str], environment: Mapping[str, str]
) -> list[Deployed | LeftOut]:
    """Every resource of *document*, in its order. Raises InvalidSettings for what is no `s.yaml` of edition 3."""
    if not isinstance(document, Mapping):
        raise InvalidSettings(Problem("", "expected an s.yaml: edition, name, resources"))
    if not str(document.get("edition", "")).startswith(_EDITION):
        found = document.get("edition", "none")
        raise InvalidSettings(
            Problem("edition", f"expected 3.0.0, got {found}; `s cli fc3 s2tos3` turns older files into it")
        )
    resources = document.get("resources")
    if not isinstance(resources, Mapping) or not resources:
        raise InvalidSettings(Problem("resources", "expected one entry a resource, by name"))
    variables = document.get("vars")
    read = _Reader(variables if isinstance(variables, Mapping) else {}, known, registries, environment)
    return [read(str(name), resource) for name, resource in resources.items()]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one resource after the other."""

    variables: Mapping[str, object]
    known: Known
    registries: Collection[str]
    environment: Mapping[str, str]

    def __call__(self, resource: str, value: object) -> Deployed | LeftOut:
        if why := next(_unfit(value), ""):
            return LeftOut(resource, why)
        props = value["props"]  # type: ignore[index] # _unfit has looked
        try:
            return self._deployed(resource, props)
        except Unresolved as reference:
            return LeftOut(resource, f"refers to {reference}, which this file does not tell: write its entry by hand")
        except InvalidImage as error:
            return LeftOut(resource, f"its image cannot be read: {error}")

    def _deployed(self, resource: str, props: Mapping[str, object]) -> Deployed | LeftOut:
        name, region = self._plain(props.get("functionName")), self._plain(props.get("region"))
        image = with_vars(_image(props), self.variables)
        name_of_image, colon, tag = image.rpartition(":")
        if "/" in tag or not colon:
            name_of_image, tag = image, "latest"
        if is_masked(image):
            return LeftOut(resource, f"its image {image} is masked with ***: write the real name")
        if "@" in name_of_image:
            return LeftOut(resource, f"deploys {image}, by digest: no tag tells what to follow")
        repository = Repository.parse(with_environment(name_of_image, self.environment))
        if acr_host(repository.host) is None and repository.host not in self.registries:
            return LeftOut(resource, f"deploys {image}, of a registry that is not ACR: write its entry by hand")
        if pinned := self.known(name, region):
            return LeftOut(resource, pinned)
        words, _ = split(tag)
        if not is_tag("0".join(words) or "0"):
            return LeftOut(resource, f"deploys {image}, and {tag} is no tag")
        return Deployed(resource, name, region, repository, tag, followed(tag, self.environment))

    def _plain(self, value: object) -> str:
        return with_environment(with_vars(str(value or ""), self.variables), self.environment)


def _unfit(value: object) -> Iterator[str]:
    if not isinstance(value, Mapping) or not isinstance(value.get("props"), Mapping):
        yield "has no component and props"
        return
    component, props = value.get("component"), value["props"]
    if component != COMPONENT:
        yield f"is deployed by the component {component}, and only {COMPONENT} makes functions of Function Compute 3.0"
    elif not isinstance(props.get("functionName"), str):
        yield "has no functionName"
    elif props.get("runtime") != RUNTIME:
        yield f"has the runtime {props.get('runtime')}; fcpin deploys to {RUNTIME} functions only"
    elif not _image(props):
        yield "has no customContainerConfig.image"


def _image(props: Mapping[str, object]) -> str:
    container = props.get("customContainerConfig")
    image = container.get("image") if isinstance(container, Mapping) else None
    return image if isinstance(image, str) else ""
