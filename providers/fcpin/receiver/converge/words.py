"""A policy in a few words, for people who see many of them."""

from collections.abc import Iterator, Mapping
from typing import Final

_ELSEWHERE: Final = frozenset({"policy", "hold", "suspend", "platform"})
"""Holds and suspensions are told on their own; there is one platform."""
_LEFT_OUT: Final = frozenset({"image"})
"""What the program read of the stack that is followed."""


def in_words(spec: Mapping[str, object] | None) -> str:
    """`family main`, `semver 1.x, min_age 2h`: the order first; *spec* as in a state, None where it is a secret."""
    if spec is None:
        return "secret"
    order = spec.get("policy")
    kinds = [_kind(name, value) for name, value in order.items()] if isinstance(order, Mapping) else []
    rest = [f"{key} {' '.join(_scalars(value))}" for key, value in spec.items() if key not in _ELSEWHERE]
    return ", ".join(kinds + rest)


def _kind(name: str, value: object) -> str:
    return " ".join((name, *_scalars(value)))


def _scalars(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in _LEFT_OUT:
                yield from _scalars(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _scalars(inner)
    elif isinstance(value, bool):
        yield "yes" if value else "no"
    elif isinstance(value, float) and value.is_integer():
        yield str(int(value))
    elif value is not None:
        yield str(value)
