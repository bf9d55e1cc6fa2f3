"""Read `receiver.yaml`: every problem with its line and its path."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from fcpin.errors import InvalidInput, InvalidSettings, Problem
from fcpin.models import Schema, json_schema, read
from fcpin.receiver.settings.model import ReceiverSettings
from fcpin.receiver.settings.secrets import SecretSources, reading_secrets
from fcpin.yaml_reader import YamlFile

_PROGRAM_FILES: Final = ("Pulumi.yaml", "Pulumi.yml")


def read_settings(path: Path, environment: Mapping[str, str] = os.environ) -> ReceiverSettings:
    """Paths in the file are relative to its folder.

    Raises InvalidSettings with every problem: `receiver.yaml:7: senders.acr.secrets[0]: env:ACR_SECRET is not set`.
    """
    try:
        file = YamlFile.read(path)
    except InvalidInput as error:
        raise InvalidSettings(*error.problems) from None
    try:
        with reading_secrets(SecretSources(environment, path.parent)):
            settings = read(ReceiverSettings, _with_empty_stacks(file.value))
        project = _program(path.parent / settings.project)
    except InvalidInput as error:
        raise InvalidSettings(*(file.problem(one.path, one.reason) for one in error.problems)) from None
    return msgspec.structs.replace(settings, project=project, state=path.parent / settings.state)


def receiver_schema() -> Schema:
    return json_schema(ReceiverSettings, "Configuration of the receiver")


def _with_empty_stacks(value: Any) -> Any:
    """`stacks: {dev: }` is a stack with every default, and an empty file a mapping without keys."""
    value = {} if value is None else value
    stacks = value.get("stacks") if isinstance(value, Mapping) else None
    if not isinstance(stacks, Mapping):
        return value
    return {**value, "stacks": {name: {} if stack is None else stack for name, stack in stacks.items()}}


def _program(folder: Path) -> Path:
    if not any((folder / name).is_file() for name in _PROGRAM_FILES):
        raise InvalidInput(Problem("project", f"there is no Pulumi.yaml in {folder}; set the folder of the program"))
    return folder
