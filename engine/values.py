"""Property values: what a Python value, a protobuf Struct and a secret are to one another.

In the engine a property value is plain JSON plus two marks: `Secret` around a value, and the text `UNKNOWN` for a value
that only the deployment itself will tell. On the wire and in the state both are dictionaries under a signature key
(Pulumi SDK: `pulumi.runtime.rpc`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from engine.errors import Unsupported

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's mark of a secret, no secret
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Value: TypeAlias = Any
"""None, bool, int, float, str, Secret, or a list or dictionary of values."""
Properties: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that is never shown, and never written but encrypted."""

    value: Value

    def __repr__(self) -> str:
        return "[secret]"


def secret(value: Value) -> Secret:
    """Mark *value*, once."""
    return value if isinstance(value, Secret) else Secret(value)


def transform(value: Value, leaf: Callable[[Value], Value]) -> Value:
    """Rebuild *value* with *leaf* applied to everything that is no list and no ordinary dictionary."""
    if isinstance(value, dict) and SIGNATURE not in value:
        return {key: transform(item, leaf) for key, item in value.items()}
    if isinstance(value, list):
        return [transform(item, leaf) for item in value]
    return leaf(value)


def _parts(value: Value) -> Iterable[Value]:
    if isinstance(value, Secret):
        return (value.value,)
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def has_secret(value: Value) -> bool:
    """Whether anything inside *value* is secret."""
    return isinstance(value, Secret) or any(map(has_secret, _parts(value)))


def has_unknown(value: Value) -> bool:
    """Whether anything inside *value* is not known yet."""
    return value == UNKNOWN if isinstance(value, str) else any(map(has_unknown, _parts(value)))


def reveal(value: Value) -> Value:
    """*value* without its secret marks: for comparing, never for showing."""
    return transform(value, lambda leaf: reveal(leaf.value) if isinstance(leaf, Secret) else leaf)


def as_secret_as(outputs: Properties, inputs: Properties) -> dict[str, Value]:
    """*outputs* with every property secret whose input of the same name was: plugins drop the marks."""
    marked = dict(outputs)
    for key in outputs.keys() & inputs.keys():
        value, like = outputs[key], inputs[key]
        if isinstance(value, dict) and isinstance(like, dict):
            marked[key] = as_secret_as(value, like)
        elif has_secret(like):
            marked[key] = secret(value)
    return marked


def from_wire(message: Any) -> dict[str, Value]:
    """Read a protobuf Struct. Raises Unsupported for assets and archives."""
    return {key: _from_value(value) for key, value in sorted(message.fields.items())}


def _from_value(value: Any) -> Value:
    match value.WhichOneof("kind"):
        case "struct_value":
            return from_signed(from_wire(value.struct_value))
        case "list_value":
            return [_from_value(item) for item in value.list_value.values]
        case "number_value":
            # a Struct knows floats only; the CLI writes whole numbers as integers
            return int(value.number_value) if value.number_value.is_integer() else value.number_value
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def from_signed(value: dict[str, Value]) -> Value:
    """What a dictionary means: itself, or the special value that its signature names."""
    signature = value.get(SIGNATURE)
    if signature is None or signature == RESOURCE:
        return value
    if signature == SECRET:
        return secret(value.get("value"))
    raise Unsupported("a property that is an asset, an archive or an output value")


def to_wire(properties: Properties, *, accepts_secrets: bool = True) -> Any:
    """Write a protobuf Struct.

    Without *accepts_secrets* marks are left out and references to resources become ids, which is what a plugin that
    answers `acceptSecrets: false` is to be given.
    """
    from google.protobuf import struct_pb2

    message = struct_pb2.Struct()
    message.update(transform(dict(properties), _signed if accepts_secrets else _plain))
    return message


def _signed(leaf: Value) -> Value:
    return {SIGNATURE: SECRET, "value": transform(leaf.value, _signed)} if isinstance(leaf, Secret) else leaf


def _plain(leaf: Value) -> Value:
    if isinstance(leaf, Secret):
        return transform(leaf.value, _plain)
    if isinstance(leaf, dict):
        return leaf.get("id") or leaf.get("urn")
    return leaf
