"""The inputs of one PinnedFunction as values: read once, all problems at once, each with its property path."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from fcpin.errors import InvalidInput, InvalidPolicy, InvalidSettings, Problem, unknown_key
from fcpin.fc import runtime_config
from fcpin.image import Repository
from fcpin.pinned_function.keys import CHOSEN, INPUTS, POLICY_KEYS, PROVIDER
from fcpin.policy import Policy
from fcpin.settings import region_problem

DEFAULT_DEADLINE: Final = 600.0
_LONGEST_DEADLINE: Final = 86400.0


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
        """Raises InvalidInput with everything that is wrong."""
        reader = _Reader(properties)
        args = cls(
            function_name=reader.text("function_name"),
            region=reader.region(default_region),
            profile=reader.text("profile") if "profile" in properties else "",
            repository=reader.repository(),
            policy=reader.policy(),
            config=properties.get("config"),
            adopt=reader.flag("adopt"),
            deadline=reader.deadline(),
            owner=reader.text("owner", "-"),
        )
        reader.finish()
        return args


_NO_REPOSITORY: Final = Repository("localhost", "none")
_ANY_POLICY: Final[Mapping[str, object]] = {"policy": {"newest": {}}}


class _Reader:
    """Collects problems while it reads; `finish` raises them. What it returns for a wrong value is discarded."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._properties = properties
        self._problems: list[Problem] = list(_unknown(properties))
        self._problems += runtime_config.name_problems("function_name", properties.get("function_name"))
        if properties.get("config") is not None:
            self._problems += runtime_config.problems("config", properties["config"])

    def text(self, key: str, default: str | None = None) -> str:
        value = self._properties.get(key, default)
        if isinstance(value, str) and value:
            return value
        if key != "function_name":
            self._problems.append(Problem(key, f"expected a string, got {value!r}"))
        return ""

    def region(self, default: str) -> str:
        if self._properties.get("region", default) == "":
            self._problems.append(
                Problem("region", "is missing; give it here, or set alicloud:region in the stack's config")
            )
            return ""
        region = self.text("region", default)
        if region and (problem := region_problem("region", region)):
            self._problems.append(problem)
        return region

    def flag(self, key: str) -> bool:
        value = self._properties.get(key, False)
        if not isinstance(value, bool):
            self._problems.append(Problem(key, f"expected true or false, got {value!r}"))
        return bool(value)

    def deadline(self) -> float:
        value = self._properties.get("deadline", DEFAULT_DEADLINE)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LONGEST_DEADLINE:
            self._problems.append(
                Problem("deadline", f"expected seconds, more than 0 and at most 86400, got {value!r}")
            )
            return DEFAULT_DEADLINE
        return float(value)

    def repository(self) -> Repository:
        value = self._properties.get("repository")
        if not isinstance(value, str):
            self._problems.append(
                Problem("repository", "is missing; such as registry.cn-hangzhou.aliyuncs.com/shop/app")
            )
            return _NO_REPOSITORY
        try:
            return Repository.parse(value)
        except InvalidInput as error:
            self._problems += (Problem("repository", problem.reason) for problem in error.problems)
            return _NO_REPOSITORY

    def policy(self) -> Policy:
        spec = {key: self._properties[key] for key in POLICY_KEYS if key in self._properties}
        try:
            return Policy.from_spec(spec)
        except InvalidPolicy as error:
            self._problems += error.problems
            return Policy.from_spec(_ANY_POLICY)

    def finish(self) -> None:
        if self._problems:
            raise InvalidSettings(*self._problems)


def _unknown(properties: Mapping[str, Any]) -> Iterator[Problem]:
    for key in properties:
        if key not in INPUTS and key != PROVIDER:
            yield Problem(key, unknown_key(key, [key for key in INPUTS if key not in (*CHOSEN, "owner")]))
