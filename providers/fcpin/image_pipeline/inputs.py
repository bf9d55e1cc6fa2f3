"""What the user asked for, as values: read once, every problem at once, each with its property path."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from fcpin.build.builder import BuildRequest
from fcpin.errors import InvalidSettings, Problem, unknown_key
from fcpin.image import Image
from fcpin.image_pipeline.keys import INPUTS, OWN_KEYS, SPEC_KEYS
from fcpin.pipeline.spec import PIPELINE, deadline_of, image_of, is_rebuilt, problems
from fcpin.pipeline.variables import commit_problem

_PROVIDER: Final = "__provider"


@dataclass(frozen=True, slots=True)
class PipelineArgs:
    """The inputs of one ImagePipeline, valid."""

    spec: Mapping[str, Any]
    image: Image
    """Repository and tag."""
    commit: str

    @classmethod
    def read(cls, properties: Mapping[str, Any]) -> Self:
        """Raises InvalidSettings with everything that is wrong."""
        spec, commit = {key: properties[key] for key in SPEC_KEYS if key in properties}, properties.get("commit")
        wrong = [*_unknown(properties), *problems("", spec, commit=commit if isinstance(commit, str) else None)]
        if not isinstance(commit, str) and (missing := commit_problem("commit", commit)):
            wrong.append(missing)
        if wrong:
            raise InvalidSettings(*dict.fromkeys(wrong))
        return cls(spec, Image.parse(image_of(spec, str(commit))), str(commit))

    @property
    def always(self) -> bool:
        """Whether the image is built although it is there."""
        return is_rebuilt(self.spec)

    @property
    def target(self) -> dict[str, str]:
        """The two properties that say where the image goes."""
        return {"repository": str(self.image.repository), "tag": self.image.tag or ""}

    @property
    def request(self) -> BuildRequest:
        """What a builder is asked for."""
        return BuildRequest(self.spec, self.image, self.commit, deadline_of(self.spec))


def known_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the form of those inputs that are known already."""
    yield from _unknown(properties)
    yield from PIPELINE.problems("", {key: properties[key] for key in SPEC_KEYS if key in properties})


def inputs_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs in a bag that may hold outputs and Pulumi's own keys too."""
    return {key: properties[key] for key in INPUTS if key in properties}


def _unknown(properties: Mapping[str, Any]) -> Iterator[Problem]:
    for key in properties:
        if key not in INPUTS and key != _PROVIDER:
            yield Problem(key, unknown_key(key, OWN_KEYS))
