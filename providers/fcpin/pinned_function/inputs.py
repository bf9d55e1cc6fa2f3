"""The inputs of one PinnedFunction as values: read once, all problems at once, each with its property path."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from fcpin.errors import InvalidPolicy, InvalidSettings, Problem, unknown_key
from fcpin.image import Repository
from fcpin.models import fields_of, read_or_note
from fcpin.pinned_function.keys import CHOSEN, INPUTS, POLICY_KEYS, PROVIDER
from fcpin.policy import Policy
from fcpin.settings import FunctionInputs

_OWN: Final = fields_of(FunctionInputs)


@dataclass(frozen=True, slots=True)
class PinArgs:
    """The inputs of one PinnedFunction, valid."""

    function_name: str
    region: str
    profile: str
    """Of the Alibaba Cloud CLI, for the credentials of Function Compute; empty for the stack's credentials."""
    repository: Repository
    policy: Policy
    config: Mapping[str, Any] | None
    """Runtime settings of an owned function; None when the function is adopted."""
    adopt: bool
    deadline: float
    """Seconds that FC may take to apply a change."""
    owner: str
    """`organization/project/stack::name` of the resource; written on functions that fcpin creates."""

    @classmethod
    def read(cls, properties: Mapping[str, Any], default_region: str = "") -> Self:
        """Raises InvalidSettings with everything that is wrong."""
        problems = list(_unknown(properties))
        own = {key: properties[key] for key in _OWN if key in properties}
        if own.get("region") is None and default_region:
            own["region"] = default_region
        if own.get("region") is None:
            problems.append(Problem("region", "is required; set it here, or alicloud:region in the stack's config"))
        inputs = read_or_note(FunctionInputs, own, "", problems)
        policy = _policy(properties, problems)
        if inputs is None or policy is None or problems:
            raise InvalidSettings(*problems)
        return cls(
            function_name=inputs.function_name,
            region=inputs.region or "",
            profile=inputs.profile or "",
            repository=inputs.repository,
            policy=policy,
            config=properties.get("config"),
            adopt=inputs.adopt,
            deadline=inputs.deadline,
            owner=str(properties.get("owner") or "-"),
        )


def _policy(properties: Mapping[str, Any], problems: list[Problem]) -> Policy | None:
    try:
        return Policy.from_spec({key: properties[key] for key in POLICY_KEYS if key in properties})
    except InvalidPolicy as error:
        problems += error.problems
        return None


def _unknown(properties: Mapping[str, Any]) -> Iterator[Problem]:
    for key in properties:
        if key not in INPUTS and key != PROVIDER:
            yield Problem(key, unknown_key(key, [key for key in INPUTS if key not in (*CHOSEN, "owner")]))
