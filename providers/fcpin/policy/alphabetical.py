"""Order tags by their letters, code point by code point."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from fcpin.policy.candidate import Candidates, Key, Reason
from fcpin.policy.fields import Fields
from fcpin.policy.order import Fixed


@dataclass(frozen=True)
class Alphabetical(Fixed):
    """Newest is the last one of the alphabet, or the first under `desc`."""

    order: str = "asc"
    """`asc` or `desc`, Flux's words."""

    options: ClassVar[Sequence[str]] = ("order",)
    by: ClassVar[str] = "alphabet"

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(fields.choice("order", ("asc", "desc")))

    @property
    def descending(self) -> bool:
        return self.order == "desc"

    def keys(self, candidates: Candidates) -> Sequence[Key | Reason]:
        return candidates.values
