"""What differs between two bags of properties: told by key, found by path, shown as old => new with secrets hidden."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.errors import Unsupported
from engine.values import UNKNOWN, Properties, Secret, Value, masked, reveal

_PATH = re.compile(r'\*|[^.\[\]"*]+(\.[^.\[\]"*]+)*')
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


def parse_path(text: str) -> Sequence[str]:
    """The keys of a path of `ignore_changes` or `replace_on_changes`: `a.b`, or `*` alone for everything.

    Raises Unsupported for other wildcards, quoted keys and places in a list.
    """
    if not _PATH.fullmatch(text):
        raise Unsupported(f"the property path {text!r} (expected a.b)")
    return text.split(".")


def get(path: Sequence[str], value: Value) -> Value:
    """What is at *path* inside *value*, or None."""
    for key in path if path != ["*"] else ():
        value = value.get(key) if isinstance(value, dict) else None
    return value


def reset(path: Sequence[str], old: Properties, new: Properties) -> Properties:
    """*new* with the value at *path* set back to what *old* has there, or without it if *old* has none.

    A path that leads nowhere in either changes nothing.
    """
    key, *rest = path
    if key == "*":
        return old
    if rest:
        both = isinstance(old.get(key), dict) and isinstance(new.get(key), dict)
        return {**new, key: reset(rest, old[key], new[key])} if both else new
    return {one: value for one, value in new.items() if one != key} | ({key: old[key]} if key in old else {})
