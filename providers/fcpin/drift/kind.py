"""The kinds of drift, and how bad each is."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong with a function, worst first. docs/drift.md has a row for each."""

    FUNCTION_MISSING = "function-missing"
    FUNCTION_DISABLED = "function-disabled"
    DELETED_DIGEST = "deleted-digest"
    DELETED_TAG = "deleted-tag"
    MOVED_TAG = "moved-tag"
    UPDATE_FAILED = "update-failed"
    OUT_OF_BAND_IMAGE = "out-of-band-image"
    FUNCTION_LOCKED = "function-locked"
    UNKNOWN = "unknown"
    UPDATE_IN_PROGRESS = "update-in-progress"
    FUNCTION_INACTIVE = "function-inactive"
    NEWER_TAG = "newer-tag"
    OK = "ok"

    @property
    def exit_code(self) -> int:
        """0 fine, 10 an `up` or some time sets it right, 20 broken or about to break, 30 cannot tell."""
        return _EXIT_CODES.get(self, 20)


_EXIT_CODES = {
    Kind.OK: 0,
    Kind.NEWER_TAG: 10,
    Kind.FUNCTION_INACTIVE: 10,
    Kind.UPDATE_IN_PROGRESS: 10,
    Kind.UNKNOWN: 30,
}


@dataclass(frozen=True, slots=True)
class Drift:
    """One kind, and why. Equal facts give an equal sentence: it is stored, and compared by the next refresh."""

    kind: Kind
    sentence: str = ""
    """Empty for `ok`."""
    detail: str = ""
    """What a service said, with what differs from one call to the next."""

    def __str__(self) -> str:
        return f"{self.kind}: {self.sentence}" if self.sentence else str(self.kind)
