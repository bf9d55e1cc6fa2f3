"""Order tags by number, of any length: timestamps of twenty digits do not collide as floats would."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar, Final

from fcpin.policy.candidate import Candidates, Key, Reason
from fcpin.policy.fixed import Directed
from fcpin.policy.lines import expecting, strays

_NUMBERS = expecting(r"-?[0-9]+(?:\.[0-9]+)?")
_INTEGERS = expecting(r"-?[0-9]+")
NO_NUMBER: Final = Reason("is no number")


def number_keys(texts: Sequence[str]) -> Sequence[Key | None]:
    """Plain decimal numbers, exactly; `1e5`, `0x1p4`, `Inf` and `NaN` are none, though Flux reads them."""
    others = strays(texts, _INTEGERS)
    if not others:
        return list(map(int, texts))
    none = strays(list(others), _NUMBERS)
    return [None if text in none else Decimal(text) if text in others else int(text) for text in texts]


class Numerical(Directed):
    """Newest is the greatest number, or the smallest under `desc`. What is no number is left out, not an error."""

    by: ClassVar[str] = "number"

    @property
    def lacking(self) -> Reason:
        return NO_NUMBER

    def keys(self, candidates: Candidates) -> Sequence[Key | None]:
        return number_keys(candidates.values)
