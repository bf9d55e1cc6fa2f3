"""What was approved, handed to the provider for one run, and what the provider refused (fcpin's approved.py)."""

from collections.abc import Mapping
from pathlib import Path

from fcpin.pinned_function import approved
from fcpin.receiver.converge.base import Change


def hand_over(folder: Path, changes: Mapping[str, Change] | None) -> Mapping[str, str]:
    """The environment of a run that may deploy *changes* only; anything where there are none to go by."""
    if changes is None:
        return {}
    file = folder / _NAME
    approved.write(file, {name: approved.Transition(one.from_digest, one.to_digest) for name, one in changes.items()})
    return {approved.FILE: str(file)}


def refused(folder: Path) -> frozenset[str]:
    """Names of the pins that the run left as they are."""
    return approved.refused(folder / _NAME)


_NAME = "approved.json"
