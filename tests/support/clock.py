"""A clock that only moves by `sleep` and `advance`."""

from datetime import UTC, datetime, timedelta


class ManualClock:
    """`fcpin.clock.Clock` with verbs. Begins at *start*; every sleep is kept in `slept`."""

    def __init__(self, start: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)) -> None:
        self._start, self._passed = start, 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._passed += seconds

    def advance(self, seconds: float) -> None:
        self._passed += seconds
