"""The bounds of one HTTP request, in seconds and bytes; apart from what sends it, whose import takes time."""

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024
SILENCES: Final = 3
"""An answer, head and body, may take this many times as long as the longest silence in it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take."""

    connect: float = 5.0
    """Until the connection is there, its TLS handshake included."""
    silence: float = 20.0
    """Until the next byte of the answer."""
    size: int = 8 * MIB
    """Bytes of the body, after inflating."""

    @property
    def total(self) -> float:
        """Seconds from the end of the request to the end of the answer, however steadily it arrives."""
        return SILENCES * self.silence
