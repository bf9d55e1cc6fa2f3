"""What differs between two bags of properties, and how that is shown: old => new, secrets hidden."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.values import UNKNOWN, Properties, Secret, Value, reveal, transform

PROVIDER_KEY = "__provider"
"""The serialized provider object: an input of every dynamic resource, of no interest to its user."""
_LONGEST = 400


@dataclass(frozen=True)
class Change:
    """One property that differs."""

    key: str
    sign: str
    """`+` added, `-` removed, `~` changed."""
    old: Value = None
    new: Value = None

    def lines(self, indent: str) -> Iterator[str]:
        """The change as the CLI shows it: a mapping one line a key, of which only those that differ."""
        old, new = _mapping(self.old), _mapping(self.new)
        if any(isinstance(value, dict) and value for value in (self.old, self.new)):
            yield f"{indent}{self.sign} {self.key}: {{"
            for change in compare(old, new):
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
        if key not in before or key not in after or before[key] != after[key]
    ]


def _mapping(value: Value) -> Properties:
    """*value* as properties; what is no mapping is shown under a name of its own."""
    if isinstance(value, dict):
        return value
    return {} if value is None else {"(value)": value}


def summary(changes: Sequence[Change]) -> str:
    """Which properties differ, as the CLI writes it: `+added-removed~changed`."""
    groups = ((sign, [change.key for change in changes if change.sign == sign]) for sign in "+-~")
    return "".join(f"{sign}{','.join(keys)}" for sign, keys in groups if keys)


def visible(changes: Sequence[Change]) -> list[Change]:
    """Those that a user wants to see."""
    return [change for change in changes if change.key != PROVIDER_KEY]


def shown(value: Value) -> str:
    """*value* as JSON on one line, shortened; `[secret]` and `[unknown]` as the CLI has them."""
    if isinstance(value, Secret) or value == UNKNOWN:
        return str(masked(value))
    text = json.dumps(masked(value), ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def masked(value: Value) -> Value:
    """*value* with `[secret]` and `[unknown]` in it, fit for JSON."""
    return transform(
        value, lambda leaf: "[secret]" if isinstance(leaf, Secret) else "[unknown]" if leaf == UNKNOWN else leaf
    )
