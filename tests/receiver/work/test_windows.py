"""Deploy windows: open by local time, also where clocks are put forward and back."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcpin.receiver.settings.model import DAYS, Window
from fcpin.receiver.work.windows import next_opening, open_at, shown

EVERY_DAY, WORKDAYS, SUNDAY = frozenset(range(7)), frozenset(range(5)), frozenset({6})
SHANGHAI, BERLIN, NEW_YORK, APIA = map(ZoneInfo, ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Apia"))


def window(hours: str, days: frozenset[int] = EVERY_DAY, zone: ZoneInfo = SHANGHAI) -> Window:
    start, end = map(time.fromisoformat, hours.split("-"))
    return Window(day_names=tuple(DAYS[day] for day in sorted(days)), start=start, end=end, zone=zone)


def wall(text: str, zone: ZoneInfo = SHANGHAI, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


DAY, NIGHT, WEEKDAYS = window("09:00-17:00"), window("22:00-06:00", SUNDAY), window("09:00-17:00", WORKDAYS)
AT_TWO = window("02:00-02:30", zone=BERLIN)

# 2026-11-23 is a Monday. Berlin: forward on 2026-03-29 at 02:00, back on 2026-10-25 at 03:00. New York: back on 2026-11-01.
OPEN = [
    # label, windows, time, whether one is open
    ("without windows it is always open", [], wall("2026-11-22T03:00"), True),
    ("inside", [DAY], wall("2026-11-23T09:00"), True),
    ("the end is outside", [DAY], wall("2026-11-23T17:00"), False),
    ("on another day", [WEEKDAYS], wall("2026-11-22T10:00"), False),
    ("the same moment in another zone", [DAY], datetime(2026, 11, 23, 1, tzinfo=UTC), True),
    ("past midnight it belongs to the day before", [NIGHT], wall("2026-11-23T05:59"), True),
    ("before midnight on the day after it is closed", [NIGHT], wall("2026-11-23T22:00"), False),
    ("in the morning of its own day it is closed", [NIGHT], wall("2026-11-22T05:00"), False),
    ("equal times are a whole day", [window("00:00-00:00", SUNDAY)], wall("2026-11-22T23:59"), True),
    ("and not the next one", [window("00:00-00:00", SUNDAY)], wall("2026-11-23T00:00"), False),
    ("one of several is enough", [window("01:00-02:00"), DAY], wall("2026-11-23T10:00"), True),
    ("the first of two equal hours", [AT_TWO], wall("2026-10-25T02:15", BERLIN), True),
    ("the second of two equal hours", [AT_TWO], wall("2026-10-25T02:15", BERLIN, 1), True),
    ("between the two", [AT_TWO], wall("2026-10-25T02:45", BERLIN), False),
]  # fmt: skip

SKIPPED_IN_BERLIN = wall("2026-03-29T01:00", BERLIN)
OPENINGS = [
    # label, window, time, when it opens
    ("now, if it is open", DAY, wall("2026-11-23T10:00"), wall("2026-11-23T10:00")),
    ("later today", DAY, wall("2026-11-23T08:00"), wall("2026-11-23T09:00")),
    ("after the weekend", WEEKDAYS, wall("2026-11-27T17:00"), wall("2026-11-30T09:00")),
    ("in a week", window("09:00-17:00", SUNDAY), wall("2026-11-22T17:00"), wall("2026-11-29T09:00")),
    ("when clocks go forward over its start, as soon as they have", window("02:30-04:00", zone=BERLIN), SKIPPED_IN_BERLIN, wall("2026-03-29T03:00", BERLIN)),
    ("on the next day when clocks skip it whole", window("02:00-03:00", zone=BERLIN), SKIPPED_IN_BERLIN, wall("2026-03-30T02:00", BERLIN)),
    ("in two weeks when clocks skip the only one of a week", window("02:00-03:00", SUNDAY, BERLIN), wall("2026-03-22T03:00", BERLIN), wall("2026-04-05T02:00", BERLIN)),
    ("again when clocks are put back into it", window("01:00-02:30", zone=BERLIN), wall("2026-10-25T02:40", BERLIN), wall("2026-10-25T02:00", BERLIN, 1)),
    ("at the second of two equal starts", window("01:30-01:45", zone=NEW_YORK), wall("2026-11-01T01:50", NEW_YORK), wall("2026-11-01T01:30", NEW_YORK, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("windows", "now", "is_open"), [pytest.param(*row[1:], id=row[0]) for row in OPEN])
def test_open(windows: list[Window], now: datetime, is_open: bool) -> None:
    assert open_at(windows, now) is is_open


@pytest.mark.parametrize(("one", "now", "opening"), [pytest.param(*row[1:], id=row[0]) for row in OPENINGS])
def test_opens_next(one: Window, now: datetime, opening: datetime) -> None:
    found = next_opening([one], now)
    assert found
    assert (found.astimezone(UTC), found.tzinfo) == (opening.astimezone(UTC), one.zone)


def test_the_earliest_of_several_windows_is_shown_with_its_zone() -> None:
    found = next_opening([DAY, window("01:00-02:00", zone=BERLIN)], wall("2026-11-23T17:00"))
    assert found
    assert shown(found) == "Tue 2026-11-24 01:00 Europe/Berlin"


def test_a_window_without_days_never_opens() -> None:
    assert next_opening([window("09:00-17:00", frozenset())], wall("2026-11-23T10:00")) is None


WINDOWS = st.builds(
    Window,
    day_names=st.sets(st.sampled_from(DAYS), min_size=1).map(tuple),
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from([SHANGHAI, BERLIN, NEW_YORK, APIA]),
)


@settings(max_examples=50)
@given(
    windows=st.lists(WINDOWS, min_size=1, max_size=3),
    now=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    share=st.floats(0, 1, exclude_max=True),
)
def test_the_next_opening_is_open_and_nothing_before_it_is(windows: list[Window], now: datetime, share: float) -> None:
    opening = next_opening(windows, now)
    assert opening
    assert open_at(windows, opening)
    assert timedelta(0) <= opening - now < timedelta(days=16)
    before = now + share * (opening.astimezone(UTC) - now)
    assert before >= opening or not open_at(windows, before)
