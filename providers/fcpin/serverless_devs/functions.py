"""Which functions of an `s.yaml` a stack can adopt, and why it cannot adopt the others.

The policy follows the tag in the file:

1. `${env(GIT_COMMIT)}`, `release-${env(GIT_COMMIT)}-debug`: guessed like a tag with a commit in this place.
   The pipelines of Serverless Devs use seven digits of it.
2. Another variable: guessed from its value, or its default.
3. No variable: guessed from the tag.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from fcpin.acr_hosts import acr_host
from fcpin.errors import InvalidImage, InvalidSettings, Problem
from fcpin.fc.model import RUNTIME
from fcpin.image import Repository, is_tag
from fcpin.pipelines.checks import is_masked
from fcpin.serverless_devs.adoption import Adoptable, LeftOut
from fcpin.serverless_devs.document import SYaml
from fcpin.serverless_devs.guess import guess
from fcpin.serverless_devs.references import Environment, Unresolved, with_environment, with_values

_COMPONENT: Final = re.compile(r"fc3(?:@[\w.+-]+)?")
"""With a version or a channel: `fc3@0.1.4`, `fc3@dev`."""
_EDITION: Final = "3."
_TAG: Final = re.compile(r":((?:\$\{[^{}]*\}|[^:/@${}])*)$")
_SHOWN: Final = 200
"""Characters of a tag in a message."""

_NAMES_COMMIT: Final = re.compile(r"(?:^|_)(?:COMMIT|SHA|REVISION)", re.IGNORECASE)
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
_DIGITS: Final = {"GIT_COMMIT": 7, "CI_COMMIT_SHORT_SHA": 8}
_WHOLE, _SHORT = 40, 7

Known = Callable[[str, str], str]
"""Returns what pins the function of this name and region already; empty for nothing."""


def functions_of_file(
    document: SYaml, region: str, known: Known, registries: Collection[str], environment: Mapping[str, str]
) -> list[Adoptable | LeftOut]:
    """Return every resource of *document*, in its order; *region* is that of the stack.

    Raises InvalidSettings for a file that is not an `s.yaml` of edition 3.
    """
    if not document.edition.startswith(_EDITION):
        found = document.edition or "none"
        raise InvalidSettings(
            Problem("edition", f"expected 3.0.0, got {found}; `s cli fc3 s2tos3` converts older files")
        )
    if not document.resources:
        raise InvalidSettings(Problem("resources", "expected a mapping with one entry for each resource, by name"))
    read = _Reader(document, region, known, registries, environment)
    return [read(resource) for resource in document.resources]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one resource after the other."""

    document: SYaml
    region: str
    known: Known
    registries: Collection[str]
    environment: Mapping[str, str]

    def __call__(self, resource: str) -> Adoptable | LeftOut:
        try:
            if reason := self._reason_against(resource):
                return LeftOut(resource, reason)
            return self._function(resource)
        except Unresolved as reference:
            return LeftOut(resource, f"refers to {reference}: write its entry by hand")
        except InvalidImage as error:
            return LeftOut(resource, f"has an image that is not valid: {error}")

    def _reason_against(self, resource: str) -> str:
        """Return why *resource* is not a function with an image; empty if it is one."""
        component = self._get(resource, "component")
        if not component:
            return "has no component and props"
        if not _COMPONENT.fullmatch(component):
            return f"is deployed by the component {component}, and only fc3 creates functions of Function Compute 3.0"
        template = self.document.missing_template(resource)
        missing = f"; it extends the template {template}, which this file does not have" if template else ""
        runtime = self._get(resource, "props", "runtime")
        if not self._get(resource, "props", "functionName"):
            return f"has no functionName{missing}"
        if runtime != RUNTIME:
            found = f"the runtime {runtime}" if runtime else "no runtime"
            return f"has {found}; fcpin deploys to {RUNTIME} functions only{missing}"
        if not self.document.get(resource, "props", "customContainerConfig", "image"):
            return f"has no customContainerConfig.image{missing}"
        return ""

    def _function(self, resource: str) -> Adoptable | LeftOut:
        name, region = self._get(resource, "props", "functionName"), self._get(resource, "props", "region")
        image = self.document.get(resource, "props", "customContainerConfig", "image") or ""
        found = _TAG.search(image)
        named, written = (image[: found.start()], found[1]) if found else (image, "latest")
        if is_masked(image):
            return LeftOut(resource, f"has the image {image}, masked with ***: write the real name")
        if "@" in named:
            return LeftOut(
                resource, f"deploys {image}, by digest, so no policy can be guessed: write its entry by hand"
            )
        repository = Repository.parse(with_environment(named, self.environment))
        if acr_host(repository.host) is None and repository.host not in self.registries:
            return LeftOut(resource, f"deploys {image}, of a registry that is not ACR: write its entry by hand")
        if pinned := self.known(name, region):
            return LeftOut(resource, pinned)
        tag = _deployed_tag(written, self.environment)
        if not is_tag(tag):
            return LeftOut(resource, f"deploys {image}, and {tag[:_SHOWN]} is not a valid tag")
        elsewhere = region if region != self.region else ""
        return Adoptable(name, elsewhere, repository, guess(tag), f"s.yaml deploys :{written}")

    def _get(self, resource: str, *path: str) -> str:
        return with_environment(self.document.get(resource, *path) or "", self.environment)


def _deployed_tag(written: str, environment: Mapping[str, str]) -> str:
    """Return the tag that is deployed for *written*, with `ccccccc` for a commit that is not set. Raises Unresolved."""

    def value(variable: Environment) -> str | None:
        found = environment.get(variable.name)
        if not _NAMES_COMMIT.search(variable.name) or (found and _COMMIT.fullmatch(found)):
            return found
        digits = _SHORT if "SHORT" in variable.name.upper() else _WHOLE
        return "c" * _DIGITS.get(variable.name, digits)

    return with_values(written, value)
