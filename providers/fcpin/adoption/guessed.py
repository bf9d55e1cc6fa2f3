"""What a guess is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fcpin.adoption.shape import Piece, pattern, shape
from fcpin.image import is_tag


@dataclass(frozen=True, slots=True)
class Guess:
    """A policy dictionary, and what its reader should know."""

    spec: Mapping[str, Any]
    note: str
    """What it follows, and what not. One line."""


def filtered(policy: Mapping[str, Any], pattern: str, extract: str = "") -> Mapping[str, Any]:
    """Return a policy dictionary for the tags that match *pattern* as a whole."""
    return {"policy": policy, "filter_tags": {"pattern": f"^{pattern}$", **({"extract": extract} if extract else {})}}


def family(pieces: Sequence[Piece]) -> str:
    """Return the name of the family where *pieces* are that name, a dash and one number or commit; else empty."""
    if len(pieces) != 2 or pieces[0].kind != "text" or pieces[1].kind not in ("number", "commit"):
        return ""
    name, dash, rest = pieces[0].text.rpartition("-")
    return name if dash and not rest and is_tag(name) and name[-1] != "-" else ""


def by_push(pieces: Sequence[Piece]) -> Guess:
    """Return the guess for tags that their push time orders; of a family also the one number at their end."""
    policy = {"family": {"name": name}} if (name := family(pieces)) else {"newest": {"by": "pushed"}}
    number = ", or the greatest number where the registry gives no push times" if pieces[-1].kind == "number" else ""
    note = f"follows {shape(pieces)}, no other tag: the one pushed last{number if name else ''}"
    return Guess(filtered(policy, pattern(pieces)), note)
