"""Read one mapping of the user's: every wrong field becomes a problem with its path, none stops the reading."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fcpin.errors import InvalidPolicy, Problem, unknown_key
from fcpin.policy import times

_SHOWN = 60


def shown(value: object) -> str:
    """*value* as the user would recognise it, shortened."""
    text = f"'{value}'" if isinstance(value, str) and value.isprintable() else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


@dataclass(frozen=True)
class Fields:
    """A mapping, the path that leads to it, and the list that takes the problems."""

    values: Mapping[str, object]
    path: str = ""
    problems: list[Problem] = field(default_factory=list)
    readable: bool = True
    """False for what should have been a mapping: that is a problem already, and what it lacks is none."""

    @classmethod
    def of(cls, value: object, path: str, problems: list[Problem]) -> "Fields":
        """A nested mapping; an absent one is empty, anything else is a problem and read as empty."""
        if value is not None and not isinstance(value, Mapping):
            problems.append(Problem(path, f"must be a mapping, got {shown(value)}"))
            return cls({}, path, problems, readable=False)
        return cls(value or {}, path, problems)

    def at(self, key: str) -> str:
        """The path of *key*."""
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str, reason: str) -> None:
        """Note a problem with *key*."""
        self.problems.append(Problem(self.at(key), reason))

    def text(self, key: str, default: str | None = None) -> str | None:
        """A text; empty counts as a mistake."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            hint = f"; put it in quotes: '{value}'" if isinstance(value, int | float) else ""
            self.wrong(key, f"must be text, got {shown(value)}{hint}")
            return default
        if not value.strip():
            self.wrong(key, "must not be empty; remove it or fill it in")
            return default
        return value

    def required(self, key: str, example: str) -> str:
        """A text that must be there; the empty text stands for a problem already noted."""
        if self.values.get(key) is None:
            if self.readable:
                self.wrong(key, f"is required, such as {example}")
            return ""
        return self.text(key) or ""

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """One of *choices*; the first is the default."""
        value = self.values.get(key)
        if value is None:
            return choices[0]
        if not isinstance(value, str) or value not in choices:
            self.wrong(key, f"must be {' or '.join(choices)}, got {shown(value)}")
            return choices[0]
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """true or false, and nothing that merely looks like it."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.wrong(key, f"must be true or false, got {shown(value)}")
            return default
        return value

    def texts(self, key: str) -> Sequence[tuple[str, str]]:
        """A list of texts, each with its own path below this mapping (`allow_tags[0]`)."""
        value = self.values.get(key)
        if value is None:
            return ()
        if isinstance(value, str) or not isinstance(value, Sequence):
            self.wrong(key, f"must be a list of texts, got {shown(value)}")
            return ()
        found = []
        for index, item in enumerate(value):
            if isinstance(item, str) and item:
                found.append((f"{key}[{index}]", item))
            else:
                self.wrong(f"{key}[{index}]", f"must be text that is not empty, got {shown(item)}")
        return found

    def only(self, known: Collection[str]) -> None:
        """Note every key that is not *known*."""
        for key in self.values:
            if key not in known:
                self.wrong(str(key)[:_SHOWN], unknown_key(key, known))

    def finish(self) -> None:
        """Raises InvalidPolicy with every problem that was noted, if any was."""
        if self.problems:
            raise InvalidPolicy(*self.problems)


def read_moment(fields: Fields, key: str) -> datetime | None:
    """Return the moment under *key*; None if it is absent or a problem."""
    value = fields.values.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        fields.wrong(key, f"must be a time such as 2026-12-01T00:00:00Z, got {shown(value)}")
        return None
    try:
        return times.parse_moment(value)
    except ValueError as error:
        fields.wrong(key, str(error))
        return None


def read_duration(fields: Fields, key: str) -> timedelta | None:
    """The duration under *key*; None if it is absent or a problem."""
    value = fields.values.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        fields.wrong(key, f"must be a duration such as 90s, 1h30m or 7d, got {shown(value)}")
        return None
    try:
        return times.parse_duration(value)
    except ValueError as error:
        fields.wrong(key, str(error))
        return None
