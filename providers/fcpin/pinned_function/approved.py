"""Deploy what somebody approved, and nothing else: `FCPIN_APPROVED` names a file with the transitions that may happen.

Whoever asks for an approval shows a preview, and deploys later. What the policy chooses by then is another question:
here it is compared with the answer that was given. What was refused is written beside the file, as `<file>.refused`,
so that nobody has to read it out of a sentence.
"""

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from fcpin.errors import InvalidImage, InvalidSettings, NotApproved, Problem
from fcpin.image import Digest, parse_digest, short
from fcpin.json_reader import read_json
from fcpin.pinned_function.inputs import Current, Pin

FILE: Final = "FCPIN_APPROVED"


@dataclass(frozen=True, slots=True)
class Transition:
    """From one image to another. The tags are for people: digests decide."""

    from_digest: Digest | None
    """None for the first deployment."""
    to_digest: Digest

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Self:
        """Raises InvalidImage, KeyError, TypeError."""
        before = value["from_digest"]
        return cls(None if before is None else parse_digest(before), parse_digest(value["to_digest"]))

    def as_json(self) -> Mapping[str, str | None]:
        """What `read` reads."""
        return {"from_digest": self.from_digest, "to_digest": self.to_digest}

    def __str__(self) -> str:
        return f"{short(self.from_digest) if self.from_digest else 'nothing'} => {short(self.to_digest)}"


class Approved:
    """The approvals of one run. Thread-safe."""

    def __init__(self, approved: Mapping[str, Transition], refused_file: Path) -> None:
        """*approved*: by the name of the resource."""
        self._approved, self._file = approved, refused_file
        self._refused: dict[str, Transition] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self | None:
        """None where nothing has to be approved. Raises InvalidSettings: without its file nothing is deployed."""
        name = environment.get(FILE)
        if not name:
            return None
        try:
            pins = read_json(Path(name).read_bytes())
            return cls({pin: Transition.read(value) for pin, value in pins.items()}, refused_file(Path(name)))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, InvalidImage) as error:
            raise InvalidSettings(Problem(FILE, f"{name} holds no approvals ({type(error).__name__})")) from None

    def require(self, owner: str, current: Current | None, pin: Pin) -> None:
        """Raises NotApproved when the resource *owner* would run another image than now, and than was approved.

        What is not known to run (nothing has been deployed, or a refresh found no digest) may become what was approved.
        """
        name, before = owner.rpartition("::")[2], current.digest if current else None
        if before == pin.digest:
            return
        wanted, given = Transition(before, pin.digest), self._approved.get(name)
        if given and given.to_digest == pin.digest and before in (None, given.from_digest):
            return
        self._note(name, wanted)
        was = f"approved was {given}" if given else "nothing was approved for it"
        raise NotApproved(Problem("digest", f"{was}, but by now the policy makes it {wanted}; approve that"))

    def _note(self, name: str, wanted: Transition) -> None:
        with self._lock:
            self._refused[name] = wanted
            write(self._file, self._refused)


def refused_file(file: Path) -> Path:
    """Where it is written what was refused, while *file* holds what was approved."""
    return file.with_name(f"{file.name}.refused")


def write(file: Path, transitions: Mapping[str, Transition]) -> None:
    """For `FCPIN_APPROVED`; readable for this user alone. Raises OSError."""
    partial = file.with_name(f"{file.name}.partial")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps({name: one.as_json() for name, one in transitions.items()}), encoding="utf-8")
    partial.replace(file)


def refused(file: Path) -> frozenset[str]:
    """The names of the resources that a run refused which was given *file*; none when it ran without refusing."""
    try:
        return frozenset(read_json(refused_file(file).read_bytes()))
    except FileNotFoundError:
        return frozenset()
