"""When a stack may be deployed to, by the local time of each window's zone.

1. A window is open while the local time is in it: from `start`, up to and without `end`.
2. One that goes past midnight belongs to the day on which it starts. Equal times are a whole day.
3. A local time that clocks skip is in no window; one that they show twice is in it twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from fcpin.receiver.settings.model import Window

_DAY: Final = timedelta(days=1)
_HORIZON: Final = 16
"""Days: a weekly window, whose next occurrence may fall into a skipped hour."""


def open_at(windows: Sequence[Window], now: datetime) -> bool:
    """Whether some window is open at *now*, which has a zone; always, where there are none."""
    return not windows or any(_is_open(window, now) for window in windows)


def next_opening(windows: Sequence[Window], now: datetime) -> datetime | None:
    """The earliest time from *now* on at which a window is open, in that window's zone; None if none ever is."""
    openings = [opening for window in windows if (opening := _opening(window, now))]
    return min(openings, key=lambda opening: opening.astimezone(UTC), default=None)


def shown(moment: datetime) -> str:
    """`Mon 2026-11-23 09:00 Asia/Shanghai`."""
    return f"{moment:%a %Y-%m-%d %H:%M} {moment.tzinfo}"


def _is_open(window: Window, now: datetime) -> bool:
    wall = now.astimezone(window.zone)
    time, today = wall.time(), wall.weekday()
    if window.start < window.end:
        return today in window.days and window.start <= time < window.end
    since_yesterday = (today - 1) % 7 in window.days and time < window.end
    return since_yesterday or (today in window.days and time >= window.start)


def _opening(window: Window, now: datetime) -> datetime | None:
    """It opens at its start, or when clocks are put to a time in it."""
    moments = (now, *_starts(window, now), *_jumps(window.zone, now))
    found = min((moment for moment in moments if moment >= now and _is_open(window, moment)), default=None)
    return found.astimezone(window.zone) if found else None


def _starts(window: Window, now: datetime) -> Iterator[datetime]:
    for day in _days(now.astimezone(window.zone).date()):
        for fold in (0, 1):
            wall = datetime.combine(day, window.start, window.zone).replace(fold=fold)
            yield wall.astimezone(UTC)


def _jumps(zone: ZoneInfo, now: datetime) -> Iterator[datetime]:
    """When the clocks of *zone* are put forward or back."""
    begin = now.astimezone(UTC)
    for number in range(_HORIZON):
        low, high = begin + number * _DAY, begin + (number + 1) * _DAY
        if _offset(zone, low) != _offset(zone, high):
            yield _jump(zone, low, high)


def _jump(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The first second with the offset of *high*, by halving."""
    low, high = low.replace(microsecond=0), high.replace(microsecond=0)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
        low, high = (middle, high) if _offset(zone, middle) == _offset(zone, low) else (low, middle)
    return high


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _days(first: date) -> Iterable[date]:
    return (first + number * _DAY for number in range(_HORIZON))
