"""Read the fields of a mapping that somebody else wrote: what is of another kind is found, what is unknown is kept."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Self

from fcpin.pipelines.model import Finding, error, warning

_NEAR: Final = 0.75


class Fields:
    """One mapping at a property path. Findings are collected in the list that all parts of a document share."""

    def __init__(self, value: object, path: str, found: list[Finding]) -> None:
        self.path, self._found = path, found
        self._values: Mapping[str, object] = value if isinstance(value, Mapping) else {}
        self._is_mapping = value is None or isinstance(value, Mapping)
        if not self._is_mapping:
            found.append(error(path, f"expected a mapping, got {kind(value)}"))

    def at(self, key: str) -> str:
        """The property path of *key*."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        """Whether *key* is there, and not empty in the YAML."""
        return self._values.get(key) is not None

    def text(self, key: str, default: str = "", *, required: str = "") -> str:
        """A string. *required*: what to write when it is missing."""
        value = self._values.get(key)
        if isinstance(value, str) and value.strip():
            return str(value)
        if value is not None and not isinstance(value, str):
            self._found.append(error(self.at(key), f"expected text, got {kind(value)}; quote it"))
        elif required and self._is_mapping:
            self._found.append(error(self.at(key), f"is missing; {required}"))
        return default

    def number(self, key: str) -> float | None:
        """A number, or None."""
        value = self._values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            self._found.append(error(self.at(key), f"expected a number, got {kind(value)}"))
            return None
        return None if value is None else float(value)

    def flag(self, key: str) -> bool:
        """True or false; false when it is not there."""
        value = self._values.get(key)
        if value is not None and not isinstance(value, bool):
            self._found.append(error(self.at(key), f"expected true or false, got {kind(value)}"))
        return value is True

    def items(self, key: str) -> Iterator[tuple[str, object]]:
        """Every item of a list with its path."""
        value = self._values.get(key)
        if value is None:
            return
        if not isinstance(value, Sequence) or isinstance(value, str):
            self._found.append(error(self.at(key), f"expected a list, got {kind(value)}"))
            return
        for index, item in enumerate(value):
            yield f"{self.at(key)}[{index}]", item

    def texts(self, key: str) -> Sequence[str]:
        """A list of strings."""
        texts = []
        for path, item in self.items(key):
            if isinstance(item, str) and item.strip():
                texts.append(str(item))
            else:
                self._found.append(error(path, f"expected text, got {kind(item)}"))
        return tuple(texts)

    def child(self, key: str) -> "Fields":
        """The mapping at *key*; an empty one when it is not there."""
        return Fields(self._values.get(key), self.at(key), self._found)

    def children(self, key: str) -> Iterator["Fields"]:
        """The mappings of a list."""
        for path, item in self.items(key):
            yield Fields(item, path, self._found)

    def refuse(self, key: str, reason: str) -> None:
        """Say what is wrong with the value at *key*, if there is one."""
        if self.has(key):
            self._found.append(error(self.at(key), reason))

    def known(self, *keys: str) -> Self:
        """Find misspelt keys: others are the API's to judge, and stay as they are."""
        for key in self._values:
            if key not in keys and (near := difflib.get_close_matches(str(key), keys, n=1, cutoff=_NEAR)):
                self._found.append(warning(self.at(str(key)), f"unknown key; did you mean {near[0]}?"))
        return self


def kind(value: object) -> str:
    """What *value* is, for messages."""
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "true or false"),
        (str, "text"),
        (int, "a number"),
        (float, "a number"),
        (Mapping, "a mapping"),
        (Sequence, "a list"),
    )
    return next((name for of, name in kinds if isinstance(value, of)), "nothing")
