"""What is checked: the settings of a stack or of the environment, its functions and its repositories."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from fcpin.errors import FcpinError
from fcpin.image import Repository
from fcpin.json_reader import read_json
from fcpin.settings import Settings
from fcpin.stack import Engine, Stack


@dataclass(frozen=True, slots=True)
class FunctionTarget:
    """One function of the stack."""

    function_name: str
    region: str
    profile: str
    is_owned: bool
    """Whether `up` creates it."""
    has_role: bool
    """Whether `up` gives it a role to run as."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What is checked. Where *failures* kept the stack from being read, *settings* may be None."""

    settings: Settings | None
    key_source: str
    """Where an explicit access key comes from."""
    functions: Sequence[FunctionTarget] = ()
    repositories: Sequence[Repository] = ()
    protects: bool = False
    """Whether `up` makes pin tags, and removes them."""
    engine: Engine | FcpinError | None = None
    """None without a stack."""
    failures: Sequence[tuple[str, FcpinError]] = ()
    """What was being read, and why it could not be."""

    @classmethod
    def of_environment(cls, settings: Settings, repositories: Sequence[Repository]) -> Self:
        return cls(settings, "ALICLOUD_ACCESS_KEY of the environment", repositories=repositories)

    @classmethod
    def of_stack(cls, find: Engine | FcpinError, name: str) -> Self:
        """Expected failures become results, and are not raised."""
        if isinstance(find, FcpinError):
            return cls(None, "", engine=find)
        try:
            stack = Stack.read(find, name)
        except FcpinError as error:
            return cls(None, "", engine=find, failures=(("stack", error),))
        in_config = "alicloud:accessKey" in stack.config
        key_source = "alicloud:accessKey of the stack" if in_config else "ALICLOUD_ACCESS_KEY of the environment"
        entries = _entries(stack.config)
        functions = dict.fromkeys([*_configured(entries, stack.settings.region), *_deployed(stack, entries)])
        repositories = dict.fromkeys([*stack.settings.repositories, *(pin.repository for pin in stack.pins)])
        specs = [*entries.values(), *(pin.policy or {} for pin in stack.pins)]
        protects = any(spec.get("protect") == "pin_tag" for spec in specs)
        return cls(stack.settings, key_source, tuple(functions), tuple(repositories), protects, find)


def _entries(config: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    """`fcpin:functions`, as far as it can be read; a preview reports the rest."""
    try:
        entries = read_json(config.get("fcpin:functions") or "{}")
    except ValueError:
        return {}
    if not isinstance(entries, dict):
        return {}
    return {
        name: entry for name, entry in entries.items() if isinstance(entry, dict) and entry.get("suspend") is not True
    }


def _configured(entries: Mapping[str, Mapping[str, Any]], region: str) -> Iterable[FunctionTarget]:
    for name, entry in entries.items():
        yield FunctionTarget(
            str(entry.get("function_name") or name),
            str(entry.get("region") or region),
            str(entry.get("profile") or ""),
            entry.get("config") is not None,
            isinstance(config := entry.get("config"), dict) and bool(config.get("role")),
        )


def _deployed(stack: Stack, entries: Mapping[str, Mapping[str, Any]]) -> Iterable[FunctionTarget]:
    """Functions that are in the state alone: the next `up` deletes or releases them."""
    for pin in stack.pins:
        if pin.name not in entries:
            yield FunctionTarget(pin.function_name, pin.region, pin.profile, is_owned=False, has_role=False)
