"""What the word in `status.phase` means: the one place that judges it.

Only `Success` is documented, so both usual spellings of every other one are known, and a word that is not known
is no end: it is waited on.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final


class Phase(Enum):
    """Where a pipeline or a task is."""

    PENDING = "pending"
    """Created, and not yet begun."""
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELED = "canceled"
    SKIPPED = "skipped"
    """A task that is off, or that ran after one which failed."""
    UNKNOWN = "unknown"
    """A word that nobody has told us of."""

    @classmethod
    def of(cls, word: str) -> "Phase":
        """Read the API's word, in any case."""
        return _BY_WORD.get(word.lower(), cls.UNKNOWN)

    @property
    def is_final(self) -> bool:
        """Whether nothing will happen any more."""
        return self in _FINAL


_WORDS: Final[Mapping[Phase, tuple[str, ...]]] = {
    Phase.PENDING: ("", "pending", "created", "queued", "waiting"),
    Phase.RUNNING: ("running", "executing", "inprogress"),
    Phase.SUCCESS: ("success", "succeeded", "successful"),
    Phase.FAILED: ("failed", "failure", "error", "timeout"),
    Phase.CANCELED: ("canceled", "cancelled"),
    Phase.SKIPPED: ("skipped", "ignored"),
}
_BY_WORD: Final = {word: phase for phase, words in _WORDS.items() for word in words}
_FINAL: Final = frozenset({Phase.SUCCESS, Phase.FAILED, Phase.CANCELED, Phase.SKIPPED})
