"""One stack: the settings that its functions are deployed with, and the pins in its state."""

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Self

from fcpin.errors import InvalidInput, InvalidSettings, Problem, StackError
from fcpin.function_files import FILES, FUNCTIONS, FunctionFile, all_functions, function_files
from fcpin.image import PIN_TYPE, Image, Repository, is_pin_tag
from fcpin.json_reader import read_json
from fcpin.pinned_function.keys import ORDERED_BY, POLICY_KEYS
from fcpin.pinned_function.properties import deployed_image
from fcpin.policy import DEFAULT_PLATFORM
from fcpin.settings import Settings
from fcpin.stack.engine import Engine

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""Pulumi's mark on a value that is not plain: a secret, whose content is sealed in an export."""


@dataclass(frozen=True, slots=True)
class StackPin:
    """One PinnedFunction of a stack's state."""

    name: str
    """Of the resource."""
    function_name: str
    region: str
    profile: str
    """Of the Alibaba Cloud CLI; empty for the stack's credentials."""
    repository: Repository
    platform: str
    tag: str
    """The tag that the policy chose, or what a refresh has seen since; what a policy decides against."""
    deployed: Image | None
    """Tag and digest that the last deployment left; None in a state of an older version."""
    previous: Image | None
    """Tag and digest that ran before the last deployment; None after the first one."""
    policy: Mapping[str, object] | None
    """The policy dictionary; None where some of it is a secret."""
    urn: str = ""
    """What a `--target` names it by."""
    ordered_by: str = ""
    """What the order compared when it chose `tag`; empty where that is not in the state."""

    @property
    def deployed_tag(self) -> str:
        """The tag of the policy that the last deployment left: a pin tag of our own stands for the one chosen."""
        tag = self.deployed.tag if self.deployed else None
        return self.tag if tag is None or is_pin_tag(tag) else tag

    @classmethod
    def read(cls, resource: Mapping[str, Any]) -> Self:
        """Raises StackError for a state that fcpin has not written."""
        name = str(resource.get("urn") or "").rpartition("::")[2]
        written = resource.get("outputs") or {}
        if not isinstance(written, Mapping):
            raise StackError(f"{name} in the stack's state: outputs: expected an object")
        outputs = {key: value for key, value in written.items() if value is not None}
        needed = ("function_name", "region", "repository")
        if missing := [key for key in needed if not isinstance(outputs.get(key), str)]:
            raise StackError(
                f"{name} in the stack's state: {', '.join(missing)} cannot be read; it is missing or secret"
            )
        spec = {key: outputs[key] for key in POLICY_KEYS if key in outputs}
        try:
            return cls(
                name=name,
                function_name=outputs["function_name"],
                region=outputs["region"],
                profile=str(outputs.get("profile") or ""),
                repository=Repository.parse(outputs["repository"]),
                platform=str(outputs.get("platform") or DEFAULT_PLATFORM),
                tag=str(outputs.get("tag") or ""),
                deployed=deployed_image(outputs),
                previous=_image(outputs.get("previous_image")),
                policy=None if _is_sealed(spec) else spec,
                urn=str(resource.get("urn") or ""),
                ordered_by=str((resource.get("inputs") or outputs).get(ORDERED_BY) or ""),
            )
        except InvalidInput as error:
            raise StackError(f"{name} in the stack's state: {error}") from None


@dataclass(frozen=True, slots=True)
class Stack:
    """The configuration and pins of a stack. The configuration may hold secrets: never print it."""

    name: str
    engine: Engine
    settings: Settings
    pins: tuple[StackPin, ...]
    """By name; none where nothing has been deployed yet."""
    config: Mapping[str, str] = field(repr=False)
    """`fcpin:functions` in it has the entries of function files too."""
    files: tuple[FunctionFile, ...] = ()
    """Those of `fcpin:functionFiles`."""
    names_functions: bool = True
    """Whether the configuration itself has `fcpin:functions`."""

    @classmethod
    def read(cls, engine: Engine, name: str) -> Self:
        """Raises StackError, and InvalidSettings for a configuration that the provider would refuse."""
        with ThreadPoolExecutor(2) as pool:  # each is a process of its own
            config, resources = pool.submit(engine.config, name), pool.submit(engine.resources, name)
            values, pins = dict(config.result()), pins_in(resources.result())
        files, names_functions = function_files(values.get(FILES), engine.folder), FUNCTIONS in values
        if files:
            values[FUNCTIONS] = json.dumps(all_functions(values.get(FUNCTIONS), files))
        by_name = tuple(sorted(pins, key=lambda pin: pin.name))
        return cls(name, engine, Settings.read(values.get), by_name, values, files, names_functions)

    def file_of(self, name: str) -> FunctionFile | None:
        """The function file that has the entry *name*; None for an entry of the stack's file."""
        return next((file for file in self.files if name in file.entries), None)

    @property
    def file_of_new(self) -> FunctionFile | None:
        """Where new entries go: the last function file if all entries are in such files, else None, the stack's."""
        return self.files[-1] if self.files and not self.names_functions else None

    @property
    def functions(self) -> Mapping[str, Mapping[str, Any]]:
        """The entries of `fcpin:functions`, by name; none where it is not set. Raises InvalidSettings."""
        try:
            functions = read_json(self.config.get(FUNCTIONS, "{}"))
        except ValueError:
            functions = None
        if not isinstance(functions, dict) or not all(isinstance(entry, dict) for entry in functions.values()):
            raise InvalidSettings(Problem(FUNCTIONS, "expected an object of functions by name"))
        return functions


def pins_in(resources: Iterable[Mapping[str, Any]]) -> tuple[StackPin, ...]:
    """Every PinnedFunction among *resources* that is to stay. Raises StackError."""
    return tuple(
        StackPin.read(resource)
        for resource in resources
        if resource.get("type") == PIN_TYPE and not resource.get("delete")
    )


def _image(text: object) -> Image | None:
    try:
        return Image.parse(text) if isinstance(text, str) and text else None
    except InvalidInput:
        return None


def _is_sealed(value: object) -> bool:
    if isinstance(value, Mapping):
        return _SIGNATURE in value or any(map(_is_sealed, value.values()))
    return isinstance(value, list) and any(map(_is_sealed, value))
