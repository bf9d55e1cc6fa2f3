"""Moments and durations as the user writes them: `2026-12-01T00:00:00Z`, `1h30m`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from fcpin.policy.fields import Fields, shown

LONGEST: Final = timedelta(days=3650)
_UNITS: Final = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([dhms])", re.ASCII)
_GO = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) ([+-]\d{4}) [A-Z0-9+-]+", re.ASCII)
"""`2026-12-01 00:00:00 +0000 UTC`."""
_DURATION = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)


def parse_moment(text: str) -> datetime:
    """RFC 3339 with a zone, in UTC. Raises ValueError that says what is wrong.

    Where a time in YAML has no quotes, the Pulumi CLI passes it on as Go writes it.
    """
    try:
        moment = datetime.fromisoformat(_GO.sub(r"\1\2", text))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"must be a time such as 2026-12-01T00:00:00Z, got {shown(text)}") from None
    raise ValueError(f"has no time zone; add Z or an offset to {shown(text)}")


def parse_duration(text: str) -> timedelta:
    """Numbers with units, as Go and Flux write them, and days: `90s`, `1h30m`, `7d`. Raises ValueError."""
    if _DURATION.fullmatch(text) is None:
        raise ValueError(f"must be a duration such as 90s, 1h30m or 7d, got {shown(text)}")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"must be at most {LONGEST.days}d, got {shown(text)}")
    return timedelta(seconds=seconds)


def iso(moment: datetime) -> str:
    """`2026-12-01T00:00:00Z`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def read_moment(fields: Fields, key: str) -> datetime | None:
    """Return the moment under *key*; None if it is absent or a problem."""
    value = fields.values.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        fields.wrong(key, f"must be a time such as 2026-12-01T00:00:00Z, got {shown(value)}")
        return None
    try:
        return parse_moment(value)
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
        return parse_duration(value)
    except ValueError as error:
        fields.wrong(key, str(error))
        return None
