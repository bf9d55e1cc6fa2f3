"""Token buckets."""

import pytest

from fcpin.receiver.web.limits import MAX_CLIENTS, RateLimit
from tests.support.clock import ManualClock


def test_a_minutes_worth_may_come_at_once_and_then_evenly() -> None:
    clock = ManualClock()
    rates = RateLimit(clock, 60)
    assert [rates.take("a") for _ in range(60)] == [0.0] * 60
    assert rates.take("a") == pytest.approx(1)
    assert rates.take("b") == 0
    clock.advance(0.5)
    assert rates.take("a") == pytest.approx(0.5)
    clock.advance(0.5)
    assert rates.take("a") == 0
    assert rates.take("a") == pytest.approx(1)
    clock.advance(3600)
    assert [rates.take("a") > 0 for _ in range(61)] == [False] * 60 + [True]


def test_memory_has_an_end() -> None:
    rates = RateLimit(ManualClock(), 1)
    for number in range(MAX_CLIENTS + 5):
        rates.take(str(number))
        rates.take("busy")
    assert len(rates._buckets) == MAX_CLIENTS
    assert rates.take("busy") > 0
    assert rates.take("0") == 0, "forgotten"
