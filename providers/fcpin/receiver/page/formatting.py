"""Times, durations, counts and untrusted text as the page shows them."""

import re
from datetime import UTC, datetime
from typing import Final

_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_CONTROL: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
"""Escape sequences of terminals, control characters, and those that change the direction of text."""


def duration(seconds: float) -> str:
    """`4 min 12 s`: the two greatest units."""
    left, parts = int(seconds), list[str]()
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
    return " ".join(filter(None, parts[:2])) or "0 s"


def relative(moment: datetime, now: datetime) -> str:
    """`4 min ago`, `in 3 h`, `now`: the greatest unit."""
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 1:
        return "now"
    size, unit = next(pair for pair in _UNITS if abs(seconds) >= pair[0])
    count = int(abs(seconds) // size)
    return f"{count} {unit} ago" if seconds > 0 else f"in {count} {unit}"


def absolute(moment: datetime, now: datetime) -> str:
    """`11:56:03 UTC`, with the date unless it is today."""
    moment = moment.astimezone(UTC)
    return f"{moment:%H:%M:%S} UTC" if moment.date() == now.astimezone(UTC).date() else f"{moment:%Y-%m-%d %H:%M} UTC"


def brief_digest(digest: str | None) -> str:
    """`3fe722d56ff1`"""
    return digest.removeprefix("sha256:")[:12] if digest else ""


def plain(text: str) -> str:
    """Return untrusted text without control characters."""
    return _CONTROL.sub("", text)


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 function`, `2 functions`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
