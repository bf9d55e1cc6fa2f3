"""Order tags by number, of any length: timestamps of twenty digits do not collide as floats would."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar, Final

from fcpin.policy.candidate import Candidates, Key, Reason
from fcpin.policy.fixed import Directed
from fcpin.policy.lines import expecting, strays

_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
NUMBERS: Final = expecting(_NUMBER)
_INTEGERS = expecting(r"-?[0-9]+")
NO_NUMBER: Final = Reason("is no number")


def number_keys(texts: Sequence[str]) -> Sequence[Key | None]:
    """Plain decimal numbers, exactly; `1e5`, `0x1p4`, `Inf` and `NaN` are none, though Flux reads them."""
    others = strays(texts, _INTEGERS)
    if not others:
        return list(map(int, texts))
    return [_decimal(text) if text in others else int(text) for text in texts]


def _decimal(text: str) -> Key | None:
    return Decimal(text) if re.fullmatch(_NUMBER, text) else None


class Numerical(Directed):
    """Newest is the greatest number, or the smallest under `desc`. What is no number is left out, not an error."""

    by: ClassVar[str] = "number"

    @property
    def lacking(self) -> Reason:
        return NO_NUMBER

    def keys(self, candidates: Candidates) -> Sequence[Key | None]:
        return number_keys(candidates.values)
