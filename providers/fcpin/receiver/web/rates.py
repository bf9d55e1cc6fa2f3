"""How often somebody may ask: a token bucket each, for as many as memory allows."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from fcpin.clock import Clock

MOST_KEPT: Final = 10_000
_MINUTE: Final = 60.0


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


@dataclass(slots=True)
class Rates:
    """*per_minute* of each key, which may come all at once. Thread-safe.

    Whoever has not asked for longest is forgotten first, and begins anew with a full bucket.
    """

    clock: Clock
    per_minute: float
    _buckets: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, key: str) -> float:
        """0 when there was one left, which is taken; else in how many seconds there will be one."""
        with self._lock:
            bucket = self._now(key)
            self._buckets[key] = bucket
            self._buckets.move_to_end(key)
            if len(self._buckets) > MOST_KEPT:
                self._buckets.popitem(last=False)
            wait = self._wait(bucket)
            bucket.left -= 0 if wait else 1
            return wait

    def _now(self, key: str) -> _Bucket:
        now = self.clock.monotonic()
        bucket = self._buckets.get(key) or _Bucket(self.per_minute, now)
        left = bucket.left + (now - bucket.at) * self.per_minute / _MINUTE
        return _Bucket(min(self.per_minute, left), now)

    def _wait(self, bucket: _Bucket) -> float:
        return 0.0 if bucket.left >= 1 else (1 - bucket.left) * _MINUTE / self.per_minute
