"""The properties of an ImagePipeline: names, inputs as values, and what differs between two sets of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from fcpin.errors import InvalidSettings, Problem, unknown_key
from fcpin.image import Image
from fcpin.models import read_or_note
from fcpin.pipelines.builder import BuildRequest
from fcpin.pipelines.spec import KEYS, PipelineEntry, read_entry
from fcpin.pipelines.variables import commit_problem

OWN_KEYS: Final = (*KEYS, "commit")
"""The keys of `fcpin:pipelines`, and the commit."""

TARGET: Final = ("repository", "tag")
"""Derived from `image` and `commit` by check, so that a preview shows old => new."""

DIGEST: Final = "digest"
"""Added by check if the tag exists; else known after the build."""

INPUTS: Final = (*OWN_KEYS, *TARGET, DIGEST)

OUTPUTS: Final = ("pipeline", "log_location")
"""Empty if nothing was built."""

_NOT_BUILT_FROM: Final = {"labels", "description", "rebuild", "deadline"}
_PROVIDER: Final = "__provider"


@dataclass(frozen=True, slots=True)
class PipelineArgs:
    """The inputs of one ImagePipeline, valid."""

    entry: PipelineEntry
    image: Image
    """Repository and tag."""
    commit: str

    @classmethod
    def read(cls, properties: Mapping[str, Any]) -> Self:
        """Raises InvalidSettings with every problem and its path."""
        given, commit = {key: properties[key] for key in KEYS if key in properties}, properties.get("commit")
        problems = [*_unknown(properties)]
        entry = read_entry(given, "", problems, commit if isinstance(commit, str) else None)
        if not isinstance(commit, str) and (missing := commit_problem("commit", commit)):
            problems.append(missing)
        if entry is None or problems:
            raise InvalidSettings(*dict.fromkeys(problems))
        return cls(entry, Image.parse(entry.image_at(str(commit))), str(commit))

    @property
    def target(self) -> dict[str, str]:
        """The properties for the place of the image."""
        return {"repository": str(self.image.repository), "tag": self.image.tag or ""}

    @property
    def request(self) -> BuildRequest:
        return BuildRequest(self.entry, self.image, self.commit, self.entry.deadline_seconds)


def known_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    """Return what is wrong with the form of inputs that are known, while others are not known yet."""
    yield from _unknown(properties)
    problems: list[Problem] = []
    given = {key: properties[key] for key in KEYS if key in properties}
    read_or_note(PipelineEntry, {"image": "not known yet", **given}, "", problems)
    yield from problems


def inputs_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs in *properties*, which may contain outputs and Pulumi's own keys too."""
    return {key: properties[key] for key in INPUTS if key in properties}


def _unknown(properties: Mapping[str, Any]) -> Iterator[Problem]:
    for key in properties:
        if key not in INPUTS and key != _PROVIDER:
            yield Problem(key, unknown_key(key, OWN_KEYS))


def has_changed(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether there is anything to do. With `rebuild: always` another digest alone is not a change."""
    if any(olds.get(key) != news.get(key) for key in (*OWN_KEYS, *TARGET)):
        return True
    return news.get("rebuild") != "always" and olds.get(DIGEST) != news.get(DIGEST)


def is_only_gone(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether the image was deleted and nothing else changed; engines see no difference in the inputs then."""
    return DIGEST not in news and all(olds.get(key) == news.get(key) for key in (*OWN_KEYS, *TARGET))


def needs_build(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether an input of the build changed."""
    return any(olds.get(key) != news.get(key) for key in (*OWN_KEYS, *TARGET) if key not in _NOT_BUILT_FROM)
