"""The limits of one call: seconds and bytes. Apart from what sends it, whose import takes time."""

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024
SILENCES: Final = 3
"""A response, head and body, may take this many times as long as the longest silence in it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one request."""

    connect: float = 5.0
    """Seconds until the connection is established, its TLS handshake included."""
    silence: float = 20.0
    """Seconds until the next byte of the response."""
    size: int = 8 * MIB
    """Bytes of the body, after inflating."""

    @property
    def total(self) -> float:
        """Seconds from the end of the request to the end of the response, however steadily it arrives."""
        return SILENCES * self.silence
