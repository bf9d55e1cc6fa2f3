"""A document as the Devs API takes it: plain JSON, in the one form that the API has for each thing."""

from collections.abc import Mapping
from typing import Any


def to_wire(tree: Any) -> dict[str, Any]:
    """The pipeline of *tree* without comments; `runAfters: [build]` becomes `[{name: build}]`."""
    pipeline: dict[str, Any] = _plain(tree)
    for task in pipeline["spec"].get("templateSpec", {}).get("tasks", []):
        afters = task.get("runAfters") or []
        task["runAfters"] = [{"name": after} if isinstance(after, str) else after for after in afters]
    return pipeline


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    for kind in (bool, int, float, str):  # ruamel's own scalars remember how they were written
        if isinstance(value, kind):
            return kind(value)
    return None if value is None else str(value)
