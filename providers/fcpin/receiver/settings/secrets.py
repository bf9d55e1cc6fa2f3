"""Secrets by reference: `env:NAME` or `file:PATH`. The configuration says where they are, and never what they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fcpin.policy.fields import Fields


@dataclass(frozen=True, slots=True)
class Secret:
    """Only ever compared or sent, never printed. The file names its source: `env:NAME` or `file:PATH`."""

    source: str
    value: str = field(repr=False)


SHORTEST: Final = 16
_LARGEST: Final = 64 * 1024
Check = Callable[[str], str]
"""What is wrong with a secret, without telling it; empty for nothing."""


def long_enough(value: str) -> str:
    """For whatever somebody could try to guess."""
    if len(value) >= SHORTEST:
        return ""
    return f"is shorter than {SHORTEST} characters, and could be guessed; `openssl rand -hex 32` makes a good one"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where secrets come from."""

    environment: Mapping[str, str] = field(repr=False)
    folder: Path
    """Relative paths are relative to it: the folder of the configuration file."""

    def read(self, fields: Fields, key: str, check: Check) -> Secret | None:
        """The secret that *key* names; None if it is absent or a problem, which is then noted in *fields*."""
        source = fields.text(key)
        return None if source is None else self._noted(fields, key, source, check)

    def read_all(self, fields: Fields, key: str, check: Check) -> tuple[Secret, ...]:
        """Those of a list."""
        found = (self._noted(fields, path, source, check) for path, source in fields.texts(key))
        return tuple(secret for secret in found if secret is not None)

    def _noted(self, fields: Fields, key: str, source: str, check: Check) -> Secret | None:
        try:
            value = self._value(source)
        except LookupError as error:
            fields.wrong(key, str(error.args[0]))
            return None
        if problem := "is empty" if not value else check(value):
            fields.wrong(key, f"{source} {problem}")
            return None
        return Secret(source, value)

    def _value(self, source: str) -> str:
        """Raises LookupError saying why there is none."""
        kind, _, where = source.partition(":")
        if kind == "env" and where:
            if where in self.environment:
                return self.environment[where]
            raise LookupError(f"env:{where} is not set")
        if kind == "file" and where:
            try:
                with (self.folder / where).open("rb") as file:
                    return file.read(_LARGEST).decode().strip()
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or "it is no text"
                raise LookupError(f"file:{where} cannot be read: {why}") from None
        raise LookupError("expected env:NAME or file:PATH; a secret does not stand in this file")
