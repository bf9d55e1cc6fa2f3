"""How often somebody may guess the token.

Each peer ten times at once, then every six seconds; all together fifty times at once, then every second.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from fcpin.clock import Clock

_REMEMBERED: Final = 1000
"""Peers. The one that was heard of longest ago is forgotten: the limit of all together still holds."""


@dataclass(slots=True)
class _Bucket:
    size: float
    a_second: float
    left: float
    at: float

    def fill(self, now: float) -> None:
        self.left = min(self.size, self.left + (now - self.at) * self.a_second)
        self.at = now


class Attempts:
    """Counts wrong guesses only. For one event loop: it is not locked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all = _Bucket(50, 1.0, 50, clock.monotonic())
        self._peers: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, peer: str) -> float:
        """Seconds until *peer* may try; 0 when it may now."""
        buckets = (self._all, self._bucket(peer))
        return max((1 - bucket.left) / bucket.a_second if bucket.left < 1 else 0.0 for bucket in buckets)

    def failed(self, peer: str) -> None:
        """A wrong guess."""
        for bucket in (self._all, self._bucket(peer)):
            bucket.left -= 1

    def _bucket(self, peer: str) -> _Bucket:
        now = self._clock.monotonic()
        bucket = self._peers.setdefault(peer, _Bucket(10, 1 / 6, 10, now))
        self._peers.move_to_end(peer)
        while len(self._peers) > _REMEMBERED:
            self._peers.popitem(last=False)
        self._all.fill(now)
        bucket.fill(now)
        return bucket
