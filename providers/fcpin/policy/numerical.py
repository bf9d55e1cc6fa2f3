"""Order tags by number, of any length: timestamps of twenty digits do not collide as floats would."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

from fcpin.policy.candidate import Candidates, Key, Reason
from fcpin.policy.fields import Fields
from fcpin.policy.order import Fixed

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_NO_NUMBER = Reason("is no number")


def number_key(text: str) -> Key | Reason:
    """A plain decimal number, exactly; `1e5`, `0x1p4`, `Inf` and `NaN` are none, though Flux reads them."""
    return Decimal(text) if _NUMBER.fullmatch(text) else _NO_NUMBER


@dataclass(frozen=True)
class Numerical(Fixed):
    """Newest is the greatest number, or the smallest under `desc`. What is no number is left out, not an error."""

    order: str = "asc"
    """`asc` or `desc`, Flux's words."""

    options: ClassVar[Sequence[str]] = ("order",)
    by: ClassVar[str] = "number"

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(fields.choice("order", ("asc", "desc")))

    @property
    def descending(self) -> bool:
        return self.order == "desc"

    def keys(self, candidates: Candidates) -> Sequence[Key | Reason]:
        return [number_key(value) for value in candidates.values]
