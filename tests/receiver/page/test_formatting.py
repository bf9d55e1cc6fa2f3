"""Times, durations and digests as the page shows them."""

from datetime import timedelta

import pytest

from fcpin.receiver.page.formatting import absolute, brief_digest, counted, duration, plain, relative
from tests.receiver.page.samples import NEW, NOON

DURATIONS = [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (252, "4 min 12 s"), (7500, "2 h 5 min"), (90061, "1 d 1 h")]
DURATIONS += [(86_400 + 59, "1 d")]


@pytest.mark.parametrize(("seconds", "text"), DURATIONS)
def test_a_duration_has_two_units_at_most(seconds: float, text: str) -> None:
    assert duration(seconds) == text


MOMENTS = [(0, "now"), (-0.4, "now"), (-12, "12 s ago"), (-61, "1 min ago"), (-90_000, "1 d ago"), (3600, "in 1 h")]


@pytest.mark.parametrize(("seconds", "text"), MOMENTS)
def test_a_moment_is_relative_to_now(seconds: float, text: str) -> None:
    assert relative(NOON + timedelta(seconds=seconds), NOON) == text


def test_another_day_has_its_date_and_every_time_its_zone() -> None:
    assert absolute(NOON, NOON) == "12:00:00 UTC"
    assert absolute(NOON - timedelta(days=1), NOON) == "2026-11-21 12:00 UTC"


def test_what_would_steer_a_terminal_or_turn_text_round_is_left_out() -> None:
    assert plain("\x1b[31mred\x1b[0m\ttab \u202edeployed\x07") == "red\ttab deployed"


def test_one_is_one() -> None:
    assert [counted(count, "function") for count in (0, 1, 2)] == ["0 functions", "1 function", "2 functions"]
    assert brief_digest(NEW) == "3fe722d56ff1"
    assert brief_digest(None) == ""
