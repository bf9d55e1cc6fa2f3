"""Moments and durations as the user writes them: `2026-12-01T00:00:00Z`, `1h30m`."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from fcpin.errors import shown
from fcpin.models import from_text

LONGEST: Final = timedelta(days=3650)
_UNITS: Final = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([dhms])", re.ASCII)
_GO = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) ([+-]\d{4}) [A-Z0-9+-]+", re.ASCII)
"""`2026-12-01 00:00:00 +0000 UTC`."""
_DURATION = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)
DURATION: Final = r"^([0-9]{1,9}(\.[0-9]{1,9})?[dhms])+$"
"""The same for JSON schemas."""


def parse_moment(text: str) -> datetime:
    """RFC 3339 with a zone, in UTC. Raises ValueError with the reason.

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


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration, and how the user wrote it."""

    length: timedelta
    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError."""
        return cls(parse_duration(text), text)


if TYPE_CHECKING:
    MomentText: TypeAlias = datetime
    DurationText: TypeAlias = Duration
else:
    MomentText = from_text(datetime, parse_moment, pattern=r"^[0-9]{4}-?[0-9]{2}-?[0-9]{2}[T ].*([Zz]|[+-][0-9:]+)$")
    DurationText = from_text(Duration, Duration.parse, pattern=DURATION)
