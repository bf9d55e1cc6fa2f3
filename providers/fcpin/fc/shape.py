"""Shapes of settings: what a value may be, what it is called on the wire, what is wrong with one.

The user writes snake_case (as in pulumi-alicloud), the API speaks camelCase. A shape turns one into the other.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Protocol

from fcpin.errors import Problem, WrongShape, unknown_key
from fcpin.json_reader import kind

_STEP_TOLERANCE: Final = 1e-9


class Shape(Protocol):
    """One kind of value."""

    def problems(self, path: str, value: object) -> Iterator[Problem]:
        """What is wrong with *value*, which stands at *path*."""

    def to_wire(self, value: Any) -> Any:
        """*value* as the API wants it. Only for values without problems."""

    def from_wire(self, wire: Any) -> Any:
        """What the API answered, in the user's words. Raises WrongShape."""

    def cut(self, live: Any, wanted: Any) -> Any:
        """*live* without what only the server speaks of: what it filled in by itself is no drift."""


class _Leaf:
    """A value without parts: the same on the wire and here, and drift whenever it differs."""

    __slots__ = ()
    _on_wire: ClassVar[tuple[type, ...]]

    def to_wire(self, value: Any) -> Any:
        return value

    def from_wire(self, wire: Any) -> Any:
        # By type(), because a bool is an int.
        if type(wire) not in self._on_wire:
            raise WrongShape(f"expected {kind(self._on_wire[0]())}, got {kind(wire)}")
        return wire

    def cut(self, live: Any, wanted: Any) -> Any:  # noqa: ARG002 - as it is
        return live


@dataclass(frozen=True, slots=True)
class Text(_Leaf):
    """A string."""

    _on_wire = (str,)
    choices: tuple[str, ...] = ()

    def problems(self, path: str, value: object) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield Problem(path, f"expected a string, got {_kind(value)}")
        elif self.choices and value not in self.choices:
            yield Problem(path, f"expected one of {', '.join(self.choices)}, got {value!r}")


@dataclass(frozen=True, slots=True)
class Secret(Text):
    """A string that the API takes and never returns in plain text: what it returns instead tells nothing."""

    def problems(self, path: str, value: object) -> Iterator[Problem]:
        if not isinstance(value, str) or not value:
            yield Problem(path, f"expected a string, got {_kind(value) if value != '' else 'an empty one'}")

    def cut(self, live: Any, wanted: Any) -> Any:  # noqa: ARG002 - it cannot be compared
        return wanted


@dataclass(frozen=True, slots=True)
class Number(_Leaf):
    """A number inside its limits, both included. Pulumi hands every number over as a float: 512.0 is 512."""

    _on_wire = (int, float)
    least: float
    greatest: float = math.inf
    step: float = 1

    def problems(self, path: str, value: object) -> Iterator[Problem]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield Problem(path, f"expected a number, got {_kind(value)}")
        elif not self.least <= value <= self.greatest or not math.isfinite(value):
            limits = f"at least {self.least:g}" if self.greatest == math.inf else f"{self.least:g} to {self.greatest:g}"
            yield Problem(path, f"expected {limits}, got {value:g}")
        elif abs(value / self.step - round(value / self.step)) > _STEP_TOLERANCE:
            yield Problem(path, f"expected a multiple of {self.step:g}, got {value:g}")

    def to_wire(self, value: Any) -> Any:
        return int(value) if float(value).is_integer() else value


@dataclass(frozen=True, slots=True)
class Flag(_Leaf):
    """True or false."""

    _on_wire = (bool,)

    def problems(self, path: str, value: object) -> Iterator[Problem]:
        if not isinstance(value, bool):
            yield Problem(path, f"expected true or false, got {_kind(value)}")


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one shape."""

    item: Shape

    def problems(self, path: str, value: object) -> Iterator[Problem]:
        if not isinstance(value, Sequence) or isinstance(value, str):
            yield Problem(path, f"expected a list, got {_kind(value)}")
            return
        for index, item in enumerate(value):
            yield from self.item.problems(f"{path}[{index}]", item)

    def to_wire(self, value: Any) -> Any:
        return [self.item.to_wire(item) for item in value]

    def from_wire(self, wire: Any) -> Any:
        if not isinstance(wire, list):
            raise WrongShape(f"expected a list, got {kind(wire)}")
        return [self.item.from_wire(item) for item in wire]

    def cut(self, live: Any, wanted: Any) -> Any:
        if len(live) != len(wanted):
            return live
        return [self.item.cut(*pair) for pair in zip(live, wanted, strict=True)]


@dataclass(frozen=True, slots=True)
class TextMap:
    """Strings by names of the user's own, such as environment variables: the whole map is the user's."""

    def problems(self, path: str, value: object) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem(path, f"expected a mapping, got {_kind(value)}")
            return
        for name, item in value.items():
            if not isinstance(item, str):
                yield Problem(f"{path}.{name}", f"expected a string, got {_kind(item)}; quote it")

    def to_wire(self, value: Any) -> Any:
        return dict(value)

    def from_wire(self, wire: Any) -> Any:
        if not isinstance(wire, dict):
            raise WrongShape(f"expected an object, got {kind(wire)}")
        if others := [kind(item) for item in wire.values() if not isinstance(item, str)]:
            raise WrongShape(f"expected an object of strings, got {others[0]} in it")
        return dict(wire)

    def cut(self, live: Any, wanted: Any) -> Any:  # noqa: ARG002 - a name too many is drift
        return live


@dataclass(frozen=True, slots=True)
class Record:
    """Named fields. A name is camelCased for the wire unless `wire_names` says otherwise."""

    fields: Mapping[str, Shape]
    wire_names: Mapping[str, str] = field(default_factory=dict)
    together: bool = False
    """Whether a value that has one of the fields needs all of them."""

    def wire_name(self, name: str) -> str:
        """What the API calls the field."""
        head, *tail = name.split("_")
        return self.wire_names.get(name) or head + "".join(part.capitalize() for part in tail)

    def problems(self, path: str, value: object) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem(path, f"expected a mapping, got {_kind(value)}")
            return
        for name, item in value.items():
            here = f"{path}.{name}" if path else name
            shape = self.fields.get(name)
            if shape is None:
                yield Problem(here, unknown_key(name, self.fields))
            else:
                yield from shape.problems(here, item)
        if self.together and value and value.keys() <= self.fields.keys():
            for name in self.fields:
                if value.get(name) is None:
                    yield Problem(f"{path}.{name}", f"missing: set {' and '.join(self.fields)}")

    def to_wire(self, value: Any) -> Any:
        return {self.wire_name(name): self.fields[name].to_wire(item) for name, item in value.items()}

    def from_wire(self, wire: Any) -> Any:
        if not isinstance(wire, Mapping):
            raise WrongShape(f"expected an object, got {kind(wire)}")
        found = {}
        for name, shape in self.fields.items():
            on_wire = self.wire_name(name)
            if wire.get(on_wire) is not None:
                try:
                    found[name] = shape.from_wire(wire[on_wire])
                except WrongShape as error:
                    raise WrongShape(f"{on_wire}: {error}") from None
        return found

    def cut(self, live: Any, wanted: Any) -> Any:
        """Only the fields of *wanted*. The API leaves out what is empty, false or 0: that it does so is no drift.

        Nor is it that a secret is missing.
        """
        return {
            name: self.fields[name].cut(live[name], value) if name in live else value
            for name, value in wanted.items()
            if name in live or not value or isinstance(self.fields[name], Secret)
        }


VPC_CONFIG: Final = Record({"vpc_id": Text(), "v_switch_ids": ListOf(Text()), "security_group_id": Text()})
NAS_CONFIG: Final = Record(
    {
        "user_id": Number(-1, 65534),
        "group_id": Number(-1, 65534),
        "mount_points": ListOf(
            Record(
                {"mount_dir": Text(), "server_addr": Text(), "enable_tls": Flag()},
                wire_names={"enable_tls": "enableTLS"},
            )
        ),
    }
)
WITHOUT_GPU: Final[Mapping[str, Number]] = {
    "cpu": Number(0.05, 16, step=0.05),
    "memory_size": Number(128, 32768, step=64),
    "disk_size": Number(512, 10240),
}


def _kind(value: object) -> str:
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "true or false"),
        (str, "a string"),
        (int, "a number"),
        (float, "a number"),
        (Mapping, "a mapping"),
        (Sequence, "a list"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "nothing")
