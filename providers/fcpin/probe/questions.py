"""The questions of the probe, and what an answer means to a deployment.

A question is here when its answer changes what fcpin has to do, or what its users have to. Each is one of the
emulator's knobs (docs/emulator.md), and the answers are the knob's positions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

Answer: TypeAlias = str | bool


@dataclass(frozen=True, slots=True)
class Question:
    meanings: Mapping[Answer, str]
    """By answer; empty where the answer is a text of the cloud's own."""
    depends: str
    """What depends on the answer; docs/probe.md has the same text."""

    def meaning(self, answer: Answer) -> str:
        return self.meanings.get(answer, self.depends)


QUESTIONS: Final[Mapping[str, Question]] = {
    "same_image_update": Question(
        {
            "re-resolve": "an update with the same image heals a moved tag",
            "keep": "an update with the same image does not heal a moved tag: deploy a new tag",
            "error": "the same image cannot be sent again: deploy a new tag",
        },
        "Whether `up` heals a moved tag, or every image needs a tag of its own (`protect: pin_tag`).",
    ),
    "other_update": Question(
        {
            "keep": "an update of other settings leaves the digest alone",
            "re-resolve": "an update of any setting deploys what the tag points at then",
        },
        "Whether a change of `config` alone, or by another tool, can deploy a moved tag.",
    ),
    "update_merge": Question(
        {
            "merge": "fields of customContainerConfig that an update leaves out are kept",
            "replace": "fields of customContainerConfig that an update leaves out are lost",
        },
        "Whether an adopted function with a registry login can be updated without its password.",
    ),
    "nested_merge": Question(
        {
            "merge": "fields of healthCheckConfig and registryConfig that an update leaves out are kept",
            "replace": "fields of healthCheckConfig and registryConfig that an update leaves out are lost",
        },
        "Whether a part of `registry_config` or `health_check_config` can be sent alone.",
    ),
    "digest_input": Question(
        {
            "rejected": "an image must be named by tag",
            "accepted": "an image can be named by digest, and no tag can move under it",
        },
        "Whether pins are deployed by tag ([decision](adr/0002-deploy-by-tag-verify-by-digest.md)).",
    ),
    "resolved_digest": Question(
        {
            "index": "resolvedImageUri of a multi-platform image is the digest of the index",
            "child": "resolvedImageUri of a multi-platform image is the digest of its linux/amd64 child",
        },
        "With which digest a deployment of a multi-platform image is verified.",
    ),
    "mark_failed": Question(
        {
            True: "a failed pull shows in the function's state",
            False: "a failed pull does not show in the function's state: only its callers see it",
        },
        "Whether a refresh and `fcpin drift` see an outage in the function itself.",
    ),
    "acr_not_exist": Question(
        {
            "not-success": "a missing tag is HTTP 200 with IsSuccess false",
            "http-404": "a missing tag is HTTP 404",
        },
        "How a missing tag is distinguished from a failure of the API.",
    ),
    "acr_tag_not_exist_code": Question({}, "The `Code` that means a missing tag."),
    "acr_personal": Question(
        {
            "repository": "the API of ACR Personal returns the push times of this repository",
            "unknown": "the API of ACR Personal does not know this repository: there are no push times",
            "namesake": "the API of ACR Personal returns another repository of that name: its push times are not used",
        },
        "Whether tags of ACR Personal have push times (`push_times` in `fcpin:registries`).",
    ),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A question that was settled."""

    name: str
    value: Answer
    action: str
    """What the probe did."""
    observed: str
    """What the cloud did then."""

    def __str__(self) -> str:
        value = str(self.value).lower() if isinstance(self.value, bool) else self.value
        return f"{self.name} = {value}: {QUESTIONS[self.name].meaning(self.value)} ({self.action}: {self.observed})"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A question that stays open."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: unknown, {self.reason}"


Finding: TypeAlias = Fact | Unknown
