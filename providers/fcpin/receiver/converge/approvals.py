"""What was approved, handed to the provider for one run, and what the provider refused (fcpin's approvals.py)."""

from collections.abc import Mapping
from pathlib import Path

from fcpin.pin import ImageChange
from fcpin.pinned_function import approvals
from fcpin.receiver.converge.base import Change


def hand_over(folder: Path, changes: Mapping[str, Change] | None) -> Mapping[str, str]:
    """The environment of a run that may deploy *changes* only; anything where there are none to go by."""
    if changes is None:
        return {}
    file = folder / _NAME
    given = {
        name: ImageChange(from_digest=one.from_digest, to_tag=one.to_tag, to_digest=one.to_digest)
        for name, one in changes.items()
    }
    approvals.write(file, given)
    return {approvals.FILE: str(file)}


def refused(folder: Path) -> frozenset[str]:
    """Names of the pins that the run left as they are."""
    return approvals.rejected(folder / _NAME)


_NAME = "approved.json"
