"""What differs between two bags of properties: told by key, found by path, shown as old => new with secrets hidden."""

import functools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from engine.errors import Unsupported
from engine.values import UNKNOWN, Properties, Secret, Value, masked, reveal

Path: TypeAlias = Sequence[str | int]
_NAME = r'[^.\[\]"*]+'
_PATH = re.compile(rf"\*|{_NAME}(\.{_NAME}|\[\d+\])*")
_STEP = re.compile(rf"\[(\d+)\]|(\*|{_NAME})")
_ABSENT = object()


@dataclass(frozen=True)
class Change:
    """One property that differs."""

    key: str
    sign: str
    """`+` added, `-` removed, `~` changed."""
    old: Value = None
    new: Value = None

    def lines(self, indent: str) -> Iterator[str]:
        """The change as the CLI shows it: of two mappings a line for each key that differs."""
        if isinstance(self.old, dict) and isinstance(self.new, dict):
            yield f"{indent}{self.sign} {self.key}: {{"
            for change in compare(self.old, self.new):
                yield from change.lines(f"{indent}    ")
            yield f"{indent}  }}"
        else:
            values = {"+": [self.new], "-": [self.old], "~": [self.old, self.new]}[self.sign]
            yield f"{indent}{self.sign} {self.key}: {' => '.join(map(shown, values))}"


def compare(old: Properties, new: Properties) -> list[Change]:
    """The properties whose values differ. That one became secret is no difference."""
    before, after = reveal(old), reveal(new)
    return [
        Change(key, "+" if key not in old else "-" if key not in new else "~", old.get(key), new.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key, _ABSENT) != after.get(key, _ABSENT)
    ]


def summary(changes: Sequence[Change]) -> str:
    """Which properties differ, as the CLI writes it: `+added-removed~changed`."""
    groups = ((sign, [change.key for change in changes if change.sign == sign]) for sign in "+-~")
    return "".join(f"{sign}{','.join(keys)}" for sign, keys in groups if keys)


def shown(value: Value) -> str:
    """*value* as JSON on one line; `[secret]` and `[unknown]` as the CLI has them."""
    bare = isinstance(value, Secret) or value == UNKNOWN
    return str(masked(value)) if bare else json.dumps(masked(value), ensure_ascii=False)


def parse_path(text: str) -> Path:
    """A path of `ignore_changes` or `replace_on_changes`: `a.b`, `a[0].b`, or `*` alone for everything.

    Raises Unsupported for wildcards inside a path and for quoted keys.
    """
    if not _PATH.fullmatch(text):
        raise Unsupported(f"the property path {text!r} (expected a.b or a[0].b)")
    return [int(index) if index else key for index, key in _STEP.findall(text)]


def get(path: Path, value: Value) -> Value:
    """What is at *path* inside *value*, or a mark that nothing is."""
    return value if path == ["*"] else functools.reduce(_step, path, value)


def _step(value: Value, step: str | int) -> Value:
    if isinstance(value, dict):
        return value.get(step, _ABSENT)
    in_list = isinstance(value, list) and isinstance(step, int) and step < len(value)
    return value[step] if in_list else _ABSENT


def reset(path: Path, old: Value, new: Value) -> Value:
    """*new* with the value at *path* set back to what *old* has there, or without it if *old* has none.

    A path that leads nowhere in either changes nothing.
    """
    if not path or path == ["*"]:
        return old
    step, *rest = path
    was, now = _step(old, step), _step(new, step)
    if rest and _ABSENT in (was, now):
        return new
    wanted = reset(rest, was, now)
    if isinstance(new, dict):
        return {key: value for key, value in {**new, step: wanted}.items() if value is not _ABSENT}
    return new if _ABSENT in (wanted, now) else [*new[:step], wanted, *new[int(step) + 1 :]]
