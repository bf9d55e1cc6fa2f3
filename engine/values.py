"""Property values: what a Python value, a protobuf Struct and a secret are to one another.

In the engine a property value is plain JSON plus two marks: `Secret` around a value, and the text `UNKNOWN` for a value
that only the deployment itself will tell. On the wire and in the state both are dictionaries under a signature key
(Pulumi SDK: `pulumi.runtime.rpc`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from engine.errors import Unsupported

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's mark of a secret, no secret
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

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
