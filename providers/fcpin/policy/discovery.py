"""How many tags are looked into for their build time, where a registry tells no push times: the greatest by name."""

import re
from collections.abc import Sequence
from typing import Final

from fcpin.policy.fields import Fields, shown

LIMIT: Final = 100
MOST: Final = 10_000
_DIGITS: Final = re.compile(r"(\d+)", re.ASCII)


def read_limit(fields: Fields) -> int:
    """Read `discovery_limit`; a problem is noted in *fields*. Pulumi hands every number over as a float."""
    value = fields.values.get("discovery_limit")
    if value is None:
        return LIMIT
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= MOST or value % 1:
        fields.wrong("discovery_limit", f"must be a whole number from 1 to {MOST}, got {shown(value)}")
        return LIMIT
    return int(value)


def greatest(tags: Sequence[str], limit: int, current: str | None = None) -> Sequence[str]:
    """The *limit* greatest of *tags* by name, runs of digits taken as numbers; *current* is always among them."""
    found = sorted(tags, key=_key, reverse=True)[:limit]
    if current is None or current in found or current not in tags:
        return found
    return [*found, current]


def _key(tag: str) -> list[tuple[int, str]]:
    """Text and numbers by turns. Of numbers the longer is the greater, without leading zeros."""
    parts = _DIGITS.split(tag)
    numbers = (part.lstrip("0") if index % 2 else part for index, part in enumerate(parts))
    return [(len(part) if index % 2 else 0, part) for index, part in enumerate(numbers)]
