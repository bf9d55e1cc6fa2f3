"""The functions that a stack's configuration names: `fcpin:functions`."""

from collections.abc import Mapping
from typing import Any

import pulumi


def configured_functions() -> Mapping[str, Mapping[str, Any]]:
    """One entry a function, by its resource's name. What is in an entry is for check to judge.

    Raises pulumi.RunError, which the user sees as one line.
    """
    functions = pulumi.Config("fcpin").get_object("functions")
    where = f"fcpin:functions in Pulumi.{pulumi.get_stack()}.yaml"
    if functions is None:
        raise pulumi.RunError(f"{where}: is not set; name the functions to pin there, as docs/configuration.md shows")
    if not isinstance(functions, Mapping):
        raise pulumi.RunError(f"{where}: expected one entry a function, by name; got {_kind(functions)}")
    for name, entry in functions.items():
        if not isinstance(entry, Mapping):
            raise pulumi.RunError(f"{where}: {name}: expected repository, policy and so on; got {_kind(entry)}")
    return functions


def _kind(value: object) -> str:
    """What *value* is, never what it says: it may be a secret."""
    return "nothing" if value is None else "a list" if isinstance(value, list) else "a single value"
