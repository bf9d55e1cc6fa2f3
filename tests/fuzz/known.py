"""Failures that are known and not mended yet: each with the place that raises it, and an input that shows it.

A kind is never made less strict for one of these. When the input of an entry no longer fails, remove the entry.
"""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Known:
    """One failure."""

    kind: str
    error: str
    """Name of the type of the exception."""
    place: str
    """`file.py:function` among the frames."""
    sample: Any
    """An input of the kind that fails so."""

    def is_it(self, kind: str, error: Exception) -> bool:
        frames = {f"{Path(frame.filename).name}:{frame.name}" for frame in traceback.extract_tb(error.__traceback__)}
        return (kind, type(error).__name__) == (self.kind, self.error) and self.place in frames


KNOWN: Final[Sequence[Known]] = [
    Known("docker-config", "ValueError", "docker_config.py:_ask_helper", b'{"credsStore": "\\u0000"}'),
    Known("docker-config", "UnicodeEncodeError", "docker_config.py:_ask_helper", b'{"credsStore": "\\ud800"}'),
    Known("registry-answer", "AttributeError", "paging.py:next_page", (200, [("Link", '<x>; rel=""')], b"{}")),
    Known("registry-answer", "ValueError", "transport.py:retry_after", (429, [("Retry-After", "\x1c5")], b"")),
    Known("docker-config", "RecursionError", "docker_config.py:_read", b"[" * 100_000),
    Known(
        "docker-config",
        "ValueError",
        "docker_config.py:_decode",
        b'{"auths": {"registry.example.com": {"auth": "\xc2\x80"}}}',
    ),
    Known(
        "docker-config",
        "UnicodeEncodeError",
        "docker_config.py:basic",
        b'{"auths": {"registry.example.com": {"username": "\\ud800"}}}',
    ),
]
