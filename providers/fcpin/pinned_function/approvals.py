"""Deploy approved image changes only: `FCPIN_APPROVED` names a file with the changes that may happen.

An approval is given for a preview, and deployed later. By then the policy may select another tag, so each pin is
compared with what was approved. What was not approved is written to `<file>.rejected`, for the program that approves.
"""

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

from fcpin.errors import InvalidImage, InvalidSettings, NotApproved, Problem
from fcpin.image import ImageChange, Pin, parse_digest, short
from fcpin.json_reader import read_json
from fcpin.pinned_function.properties import Current

FILE: Final = "FCPIN_APPROVED"


class Approvals:
    """The approvals of one run. Thread-safe."""

    def __init__(self, approved: Mapping[str, ImageChange], rejected_file: Path) -> None:
        """*approved*: by the name of the resource."""
        self._approved, self._file = approved, rejected_file
        self._rejected: dict[str, ImageChange] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self | None:
        """None where nothing has to be approved. Raises InvalidSettings: without its file nothing is deployed."""
        name = environment.get(FILE)
        if not name:
            return None
        try:
            changes = {pin: _read(value) for pin, value in read_json(Path(name).read_bytes()).items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, InvalidImage) as error:
            raise InvalidSettings(Problem(FILE, f"{name} holds no approvals ({type(error).__name__})")) from None
        return cls(changes, rejected_file(Path(name)))

    def require(self, owner: str, current: Current | None, pin: Pin) -> None:
        """Raises NotApproved if the resource *owner* would run another image than now, and than was approved.

        If the running image is unknown (nothing has been deployed, or a refresh found no digest), the approved one may
        be deployed.
        """
        name, before = owner.rpartition("::")[2], current.digest if current else None
        if before == pin.digest:
            return
        change = ImageChange(
            from_tag=current.tag if current else "", from_digest=before, to_tag=pin.tag, to_digest=pin.digest
        )
        approved = self._approved.get(name)
        if approved and approved.to_digest == pin.digest and before in (None, approved.from_digest):
            return
        with self._lock:
            self._rejected[name] = change
            write(self._file, self._rejected)
        was = f"approved was {_digests(approved)}" if approved else "it was not approved"
        raise NotApproved(
            Problem("digest", f"{was}, and the policy now selects {_digests(change)}; approve that, and run again")
        )


def write(file: Path, changes: Mapping[str, ImageChange]) -> None:
    """For `FCPIN_APPROVED`, by the name of the resource; readable for this user alone. Raises OSError."""
    partial = file.with_name(f"{file.name}.partial")
    partial.touch(mode=0o600)
    digests = {name: {"from_digest": one.from_digest, "to_digest": one.to_digest} for name, one in changes.items()}
    partial.write_text(json.dumps(digests), encoding="utf-8")
    partial.replace(file)


def rejected(file: Path) -> frozenset[str]:
    """The names of the resources that the run with the approvals *file* rejected."""
    try:
        return frozenset(read_json(rejected_file(file).read_bytes()))
    except FileNotFoundError:
        return frozenset()


def rejected_file(file: Path) -> Path:
    """Where the run with the approvals *file* writes what was not approved."""
    return file.with_name(f"{file.name}.rejected")


def _read(value: Mapping[str, Any]) -> ImageChange:
    before = value["from_digest"]
    return ImageChange(
        from_digest=None if before is None else parse_digest(before),
        to_tag="",
        to_digest=parse_digest(value["to_digest"]),
    )


def _digests(change: ImageChange) -> str:
    return f"{short(change.from_digest) if change.from_digest else 'nothing'} => {short(change.to_digest)}"
