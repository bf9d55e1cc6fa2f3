"""Property paths of `ignore_changes` and `replace_on_changes`: `a.b`, `a[0].b`, and `*` alone for everything."""

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from engine.errors import Unsupported
from engine.values import Value

Path: TypeAlias = Sequence[str | int]

_STEP = re.compile(r"\.?([^.\[\]\"*]+)|\[(\d+)\]")


def parse_path(text: str) -> Path:
    """Raises Unsupported for wildcards inside a path and for quoted keys."""
    if text == "*":
        return ("*",)
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            raise Unsupported(f"the property path {text!r} (expected a.b or a[0].b)")
        steps.append(step[1] if step[1] is not None else int(step[2]))
        position = step.end()
    if not steps:
        raise Unsupported("an empty property path")
    return steps


def reset(path: Path, old: Mapping[str, Value], new: Mapping[str, Value]) -> dict[str, Value]:
    """*new* with the value at *path* set back to what *old* has there, or without it if *old* has none.

    A path that leads nowhere in either changes nothing.
    """
    if path == ("*",):
        return dict(old)
    changed: dict[str, Value] = copy.deepcopy(dict(new))
    source: Any = old
    target: Any = changed
    last: Any
    for step in path[:-1]:
        if not (_has(source, step) and _has(target, step)):
            return changed
        source, target = source[step], target[step]
    last = path[-1]
    if _has(source, last) and isinstance(target, dict | list) and (isinstance(target, dict) or _has(target, last)):
        target[last] = source[last]
    elif isinstance(target, dict):
        target.pop(last, None)
    return changed


def _has(container: Any, step: str | int) -> bool:
    if isinstance(container, dict | Mapping):
        return step in container
    return isinstance(container, list) and isinstance(step, int) and step < len(container)


def get(path: Path, properties: Mapping[str, Value]) -> Value:
    """The value at *path*, or None."""
    value: Any = properties
    for step in path:
        if not _has(value, step):
            return None
        value = value[step]
    return value
