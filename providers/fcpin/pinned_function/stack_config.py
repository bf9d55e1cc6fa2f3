"""The functions of a stack's configuration: `fcpin:functions` and `fcpin:functionFiles`."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from fcpin.errors import InvalidSettings
from fcpin.function_files import all_functions, function_files
from fcpin.json_reader import InvalidJson, read_json
from fcpin.settings import STACK_KEYS


def configured_functions() -> Mapping[str, Mapping[str, Any]]:
    """One entry a function, by its resource's name. What is in an entry is for check to judge.

    Raises pulumi.RunError, which the user sees as one line.
    """
    file = f"Pulumi.{pulumi.get_stack()}.yaml"
    _refuse_misspelt(file)
    config = pulumi.Config("fcpin")
    where = f"fcpin:functions in {file}"
    own, files = config.get("functions"), config.get("functionFiles")
    if own is None and files is None:
        raise pulumi.RunError(f"{where}: is not set; name the functions to pin there, as docs/configuration.md shows")
    try:
        configured = None if own is None else read_json(own)
        if own is not None and not isinstance(configured, Mapping):
            raise pulumi.RunError(f"{where}: expected one entry a function, by name; got {_kind(configured)}")
        functions = all_functions(configured, function_files(files, Path.cwd()))
    except InvalidJson as error:
        raise pulumi.RunError(f"{where}: {error}") from None
    except InvalidSettings as error:
        raise pulumi.RunError(str(error)) from None
    for name, entry in functions.items():
        if not isinstance(entry, Mapping):
            raise pulumi.RunError(f"{where}: {name}: expected repository, policy and so on; got {_kind(entry)}")
    return functions


def _refuse_misspelt(file: str) -> None:
    """A misspelt key would be left out in silence; one that resembles none of ours is the program's own."""
    for key in {**get_config_env(), **CONFIG.get()}:
        namespace, _, name = key.partition(":")
        if (
            namespace == "fcpin"
            and name not in STACK_KEYS
            and (meant := get_close_matches(name, STACK_KEYS, n=1, cutoff=0.8))
        ):
            raise pulumi.RunError(f"{key} in {file}: unknown key; did you mean fcpin:{meant[0]}?")


def _kind(value: object) -> str:
    """The kind of *value*, never its content: it may be a secret."""
    return "nothing" if value is None else "a list" if isinstance(value, list) else "a single value"
