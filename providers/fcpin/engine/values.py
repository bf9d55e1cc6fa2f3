"""Property values: what a Python value, a protobuf Struct and a secret are to one another, and how two bags differ.

In the engine a property value is plain JSON plus two marks: `Secret` around a value, and the text `UNKNOWN` for a value
that is known only after the deployment. On the wire and in the state both are dictionaries under a signature key
(Pulumi SDK: `pulumi.runtime.rpc`).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from fcpin.engine.errors import Unsupported
from fcpin.layout import WIDTH, fold_values

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's mark of a secret, no secret
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_PATH = re.compile(r'[^.\[\]"*]+(\.[^.\[\]"*]+)*')
_ABSENT = object()
_MARGIN = 8
"""How far a value that needs several lines is indented below a long key."""

Value: TypeAlias = Any
"""None, bool, int, float, str, Secret, or a list or dictionary of values."""
Properties: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is never shown, and never written but encrypted."""

    value: Value = field(repr=False)


def secret(value: Value) -> Secret:
    """Mark *value*, once."""
    return value if isinstance(value, Secret) else Secret(value)


def transform(value: Value, leaf: Callable[[Value], Value]) -> Value:
    """Rebuild *value* with *leaf* applied to everything that is no list and no ordinary mapping."""
    if isinstance(value, Mapping) and SIGNATURE not in value:
        return {key: transform(value[key], leaf) for key in sorted(value)}
    return [transform(item, leaf) for item in value] if isinstance(value, list) else leaf(value)


def _inside(value: Value) -> Iterator[Value]:
    """*value*, and everything in it."""
    yield value
    within = [value.value] if isinstance(value, Secret) else value.values() if isinstance(value, Mapping) else value
    for one in within if not isinstance(within, str | int | float | None) else ():
        yield from _inside(one)


def has_secret(value: Value) -> bool:
    """Whether anything inside *value* is secret."""
    return any(isinstance(one, Secret) for one in _inside(value))


def has_unknown(value: Value) -> bool:
    """Whether anything inside *value* is not known yet."""
    return any(one == UNKNOWN for one in _inside(value))


def reveal(value: Value) -> Value:
    """*value* without its secret marks: for comparing, never for showing."""
    return transform(value, lambda leaf: reveal(leaf.value) if isinstance(leaf, Secret) else leaf)


def masked(value: Value) -> Value:
    """*value* with `[secret]` and `[unknown]` in it, fit for JSON."""
    return transform(
        value, lambda leaf: "[secret]" if isinstance(leaf, Secret) else "[unknown]" if leaf == UNKNOWN else leaf
    )


def as_secret_as(outputs: Properties, inputs: Properties) -> dict[str, Value]:
    """*outputs* with every property secret whose input of the same name was: plugins drop the marks."""

    def mark(value: Value, like: Value) -> Value:
        if isinstance(value, dict) and isinstance(like, dict):
            return as_secret_as(value, like)
        return secret(value) if has_secret(like) else value

    return {key: mark(value, inputs.get(key)) for key, value in outputs.items()}


def marked(value: Value, open_secret: Callable[[Mapping[str, Value]], Value]) -> Value:
    """Read the signed dictionaries inside *value*; *open_secret* gives what a secret one holds. Raises Unsupported."""

    def leaf(one: Value) -> Value:
        if not isinstance(one, dict) or one[SIGNATURE] == RESOURCE:
            # a Struct knows floats only; the CLI writes whole numbers as integers
            return int(one) if isinstance(one, float) and one.is_integer() else one
        if one[SIGNATURE] != SECRET:
            raise Unsupported("a property that is an asset, an archive or an output value")
        return secret(transform(open_secret(one), leaf))

    return transform(value, leaf)


def from_wire(message: Any) -> dict[str, Value]:
    """Read a protobuf Struct. Raises Unsupported for assets and archives."""
    return dict(marked(MessageToDict(message), lambda signed: signed.get("value")))


def to_wire(properties: Properties, *, marks: bool = True) -> Any:
    """Write a protobuf Struct.

    Without *marks* secrets are plain and references to resources are ids, which is what a plugin that answers
    `acceptSecrets: false` is to be given.
    """

    def leaf(one: Value) -> Value:
        if isinstance(one, Secret):
            value = transform(one.value, leaf)
            return {SIGNATURE: SECRET, "value": value} if marks else value
        return one.get("id") or one.get("urn") if isinstance(one, dict) and not marks else one

    message = Struct()
    message.update(transform(properties, leaf))
    return message


@dataclass(frozen=True)
class Change:
    """One property that differs."""

    key: str
    sign: str
    """`+` added, `-` removed, `~` changed; a blank for a value that stays."""
    old: Value = None
    new: Value = None

    def lines(self, indent: str, width: int = WIDTH) -> Iterator[str]:
        """The change for people, in lines of at most *width* columns, with shortened digests.

        One line where it fits, as the CLI has it; else the new value stands below the old one. Of two mappings a line
        for each key that differs; of one that fits no line, a line for each key.
        """
        values = {"-": [self.old], "~": [self.old, self.new]}.get(self.sign, [self.new])
        lines = fold_values(f"{indent}{self.sign} {self.key}: ", list(map(shown, values)), width, len(indent) + _MARGIN)
        if all(isinstance(value, dict) for value in values) and len(values) + len(lines) > 2:
            lines = [line for change in self._inner() for line in change.lines(f"{indent}    ", width)]
            lines = [f"{indent}{self.sign} {self.key}: {{", *lines, f"{indent}  }}"]
        yield from lines

    def _inner(self) -> "Sequence[Change]":
        """The changes within mappings."""
        if self.sign == "~":
            return compare(self.old, self.new)
        return [Change(key, self.sign, value, value) for key, value in ((self.old or self.new).items())]


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


def compact(value: Any) -> str:
    """*value*, which has no marks, as JSON without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def parse_path(text: str) -> Sequence[str]:
    """The keys of a path of `ignore_changes` or `replace_on_changes`: `a.b`.

    Raises Unsupported for wildcards, quoted keys and places in a list.
    """
    if not _PATH.fullmatch(text):
        raise Unsupported(f"the property path {text!r} (expected a.b)")
    return text.split(".")


def get(path: Sequence[str], value: Value) -> Value:
    """What is at *path* inside *value*, or None."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def reset(path: Sequence[str], old: Properties, new: Properties) -> Properties:
    """*new* with the value at *path* set back to what *old* has there, or without it if *old* has none.

    A path that leads nowhere in either changes nothing.
    """
    key, *rest = path
    if rest:
        both = isinstance(old.get(key), dict) and isinstance(new.get(key), dict)
        return {**new, key: reset(rest, old[key], new[key])} if both else new
    return {one: value for one, value in new.items() if one != key} | ({key: old[key]} if key in old else {})
