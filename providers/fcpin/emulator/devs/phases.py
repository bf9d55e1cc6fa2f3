"""The phases of pipelines and tasks, and the words that the API may have for them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal


class Phase(StrEnum):
    """Ours, whatever the wire says."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELED = "canceled"
    SKIPPED = "skipped"


FINISHED = frozenset({Phase.SUCCESS, Phase.FAILED, Phase.CANCELED, Phase.SKIPPED})
PASSED = frozenset({Phase.SUCCESS, Phase.SKIPPED})
"""What a task that runs after another one asks of it."""

Vocabulary = Literal["likely", "other"]
"""`likely` has `Success`, the only documented word, and `Created`, of a sample of a status of the same make."""
WORDS: Mapping[Vocabulary, Mapping[Phase, str]] = {
    "likely": {phase: phase.value.capitalize() for phase in Phase} | {Phase.PENDING: "Created"},
    "other": {
        Phase.PENDING: "Pending",
        Phase.RUNNING: "Executing",
        Phase.SUCCESS: "Succeeded",
        Phase.FAILED: "Error",
        Phase.CANCELED: "Cancelled",
        Phase.SKIPPED: "Ignored",
    },
}
