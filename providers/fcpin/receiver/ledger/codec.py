"""The ledger's values as JSON, and back.

What a newer receiver wrote into a value and this one does not know is passed over; a store whose `VERSION` differs is
not opened at all.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from functools import cache
from types import NoneType
from typing import Any, Final, TypeVar, get_args, get_type_hints

from fcpin.receiver.ledger.model import Freeze, Job, Proposal, State, Transition
from fcpin.receiver.push import Place, Push

VERSION: Final = 1
"""Of the store: its tables or keys, and these values."""

Value = TypeVar("Value")


def encode(value: Job | Push | Transition | Proposal | Freeze) -> str:
    """One line of JSON. Times are ISO 8601 with their offset."""
    return json.dumps(asdict(value), default=_time, separators=(",", ":"), ensure_ascii=False)


def decode(kind: type[Value], text: str) -> Value:
    """What `encode` made of a *kind*."""
    value: Value = _read(kind, json.loads(text))
    return value


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is nothing that the ledger keeps")


def _read(kind: Any, data: Mapping[str, Any]) -> Any:
    readers = _readers(kind)
    known = {name: value for name, value in data.items() if name in readers}
    return kind(**{name: None if value is None else readers[name](value) for name, value in known.items()})


@cache
def _readers(kind: Any) -> Mapping[str, Callable[[Any], Any]]:
    hints = get_type_hints(kind)
    return {field.name: _reader(hints[field.name]) for field in fields(kind)}


def _reader(hint: Any) -> Callable[[Any], Any]:
    return _READERS.get(
        next((part for part in get_args(hint) if part not in (NoneType, ...)), hint), lambda value: value
    )


def _pushes(data: list[Mapping[str, Any]]) -> tuple[Push, ...]:
    return tuple(_read(Push, push) for push in data)


_READERS: Final[Mapping[Any, Callable[[Any], Any]]] = {
    datetime: datetime.fromisoformat,
    State: State,
    Place: lambda data: Place(**data),
    Push: _pushes,
    str: lambda value: tuple(value) if isinstance(value, list) else value,
}
