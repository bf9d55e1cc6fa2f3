"""Read deploy windows: `{days: mon-fri, from: "09:00", to: "18:00", zone: Asia/Shanghai}`."""

import re
from collections.abc import Iterator, Sequence
from datetime import time
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fcpin.policy.fields import Fields, shown
from fcpin.receiver.settings.model import Window

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KEYS: Final = ("days", "from", "to", "zone")
_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00")
_ZONE: Final = "Asia/Shanghai"


def read_windows(fields: Fields) -> Sequence[Window]:
    """Those under `windows`; problems are noted in *fields*."""
    value = fields.values.get("windows")
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        fields.wrong("windows", f"must be a list of {{days, from, to, zone}}, got {shown(value)}")
        return ()
    found = (
        _window(Fields.of(item, fields.at(f"windows[{index}]"), fields.problems)) for index, item in enumerate(value)
    )
    return tuple(window for window in found if window is not None)


def _window(fields: Fields) -> Window | None:
    fields.only(KEYS)
    days, zone = _days(fields), _zone(fields)
    start, end = _time(fields, "from", "09:00"), _time(fields, "to", "18:00")
    return None if days is None or zone is None or start is None or end is None else Window(days, start, end, zone)


def _days(fields: Fields) -> frozenset[int] | None:
    """`mon-fri`, `sat`, `mon,wed,fri`, or a list of them; every day where nothing is said."""
    value = fields.values.get("days")
    if value is None:
        return frozenset(range(7))
    parts = [part for _, part in fields.texts("days")] if isinstance(value, list) else [fields.text("days") or ""]
    try:
        found = frozenset(day for part in parts for one in part.split(",") for day in _span(one.strip().lower()))
    except ValueError:
        fields.wrong("days", f"must be such as mon-fri, or a list of {', '.join(DAYS)}; got {shown(value)}")
        return None
    if not found:
        fields.wrong("days", f"has no day, so that it would never open; every day unless given, got {shown(value)}")
        return None
    return found


def _span(text: str) -> Iterator[int]:
    """Raises ValueError."""
    first, dash, last = text.partition("-")
    start = DAYS.index(first)
    end = DAYS.index(last) if dash else start
    return ((start + day) % 7 for day in range((end - start) % 7 + 1))


def _time(fields: Fields, key: str, example: str) -> time | None:
    text = fields.required(key, f'"{example}"')
    if not text:
        return None
    match = _CLOCK.fullmatch(text)
    if match is None:
        fields.wrong(key, f'must be a time of day such as "{example}", got {shown(text)}')
        return None
    return time(int(match[1]), int(match[2])) if match[1] else time(0)


def _zone(fields: Fields) -> ZoneInfo | None:
    name = fields.required("zone", _ZONE)
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fields.wrong("zone", f"{shown(name)} is no time zone; write its name, such as {_ZONE} or UTC")
        return None
