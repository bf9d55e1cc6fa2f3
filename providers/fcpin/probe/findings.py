"""What an experiment finds: a fact about this cloud, or why it stays unknown."""

from dataclasses import dataclass
from typing import TypeAlias

from fcpin.probe.meanings import meaning

Value: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Fact:
    """A question that was settled. *name* is that of the emulator's knob, *value* one of its positions."""

    name: str
    value: Value
    did: str
    """What the probe did."""
    answered: str
    """What the cloud made of it."""

    def __str__(self) -> str:
        return f"{self.name} = {_text(self.value)}: {meaning(self.name, self.value)} ({self.did}: {self.answered})"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A question that stays open."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name}: unknown, {self.why}"


Finding: TypeAlias = Fact | Unknown


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
