"""Property paths of `ignore_changes` and `replace_on_changes`: `a.b`, `a[0].b`, and `*` alone for everything."""

import copy
import re
from collections.abc import Sequence
from typing import TypeAlias

from engine.errors import Unsupported
from engine.values import Properties, Value

Path: TypeAlias = Sequence[str | int]
_NAME = r'[^.\[\]"*]+'
_PATH = re.compile(rf"{_NAME}(\.{_NAME}|\[\d+\])*")
_STEP = re.compile(rf"\[(\d+)\]|({_NAME})")
_ABSENT = object()


def parse_path(text: str) -> Path:
    """Raises Unsupported for wildcards inside a path and for quoted keys."""
    if text != "*" and not _PATH.fullmatch(text):
        raise Unsupported(f"the property path {text!r} (expected a.b or a[0].b)")
    return [int(index) if index else key for index, key in _STEP.findall(text)] if text != "*" else ["*"]


def get(path: Path, value: Value, default: Value = None) -> Value:
    """What is at *path* inside *value*."""
    for step in path:
        in_dict = isinstance(value, dict) and step in value
        if not in_dict and not (isinstance(value, list) and isinstance(step, int) and step < len(value)):
            return default
        value = value[step]
    return value


def reset(path: Path, old: Properties, new: Properties) -> dict[str, Value]:
    """*new* with the value at *path* set back to what *old* has there, or without it if *old* has none.

    A path that leads nowhere in either changes nothing.
    """
    if path == ["*"]:
        return dict(old)
    changed: dict[str, Value] = copy.deepcopy(dict(new))
    *way, last = path
    source, target = get(way, dict(old), _ABSENT), get(way, changed)
    wanted = get([last], source, _ABSENT)
    if wanted is not _ABSENT and (isinstance(target, dict) or get([last], target, _ABSENT) is not _ABSENT):
        target[last] = wanted
    elif isinstance(target, dict) and wanted is _ABSENT and source is not _ABSENT:
        target.pop(last, None)
    return changed
