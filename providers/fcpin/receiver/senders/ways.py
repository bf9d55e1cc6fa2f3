"""Where a request may carry the proof of who sent it."""

from enum import Enum, auto
from typing import Final


class Way(Enum):
    """A place where a request may carry its proof."""

    PATH = auto()
    """`/hooks/<name>/<secret>`"""
    QUERY = auto()
    """`?secret=…`"""
    AUTHORIZATION = auto()
    """`Authorization: Bearer …`, the password of `Basic …`, or the bare secret."""
    TOKEN = auto()
    """Where EventBridge puts the token of an HTTP target."""
    SIGNATURE = auto()
    """HMAC-SHA256 of the body: `X-Hub-Signature-256: sha256=<hex>`."""


URL: Final = frozenset({Way.PATH, Way.QUERY})
