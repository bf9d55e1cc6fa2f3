"""What is found about a pipeline: errors, which keep it from running, and warnings."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to be told. `path` is a property path; a place such as `pipeline.yaml:32` when there is none."""

    severity: Literal["error", "warning"]
    path: str
    reason: str


def error(path: str, reason: str) -> Finding:
    """It cannot run so."""
    return Finding("error", path, reason)


def warning(path: str, reason: str) -> Finding:
    """It can, and will surprise somebody."""
    return Finding("warning", path, reason)
