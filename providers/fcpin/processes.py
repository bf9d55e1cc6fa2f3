"""Identify a process so that another one can decide later whether it has ended.

A process id alone is reused, and is only valid in one PID namespace of one boot. Linux gives all of it in /proc; on
other systems no process is ever called dead.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

_PROC: Final = Path("/proc")
_ENDED: Final = frozenset("ZXx")
"""States of a process that runs no code any more: zombie, dead."""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process of one boot of one machine."""

    pid: int
    started: int
    """Clock ticks since the boot, field 22 of /proc/<pid>/stat."""
    machine: str
    """Boot id and PID namespace."""

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """That of a running process; None where the system does not give it."""
        found, machine = _state_and_start(pid), this_machine()
        return cls(pid, found[1], machine) if found and machine else None

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self | None:
        """From `as_json`, which other fields may surround; None when it is incomplete."""
        pid, started, machine = (values.get(key) for key in ("pid", "started", "machine"))
        if not (isinstance(pid, int) and isinstance(started, int) and isinstance(machine, str)) or pid < 1:
            return None
        return cls(pid, started, machine)

    def as_json(self) -> Mapping[str, Any]:
        """What `read` reads."""
        return {"pid": self.pid, "started": self.started, "machine": self.machine}

    @property
    def is_dead(self) -> bool:
        """Whether it certainly has ended. False for a process of another machine, boot or PID namespace."""
        return self.machine == this_machine() and self.has_ended()

    def has_ended(self, proc: Path = _PROC) -> bool:
        """Whether no process of this machine is the one identified; *proc* is where the system shows them."""
        found = _state_and_start(self.pid, proc)
        if found is None:
            return not _exists(self.pid)
        return found[1] != self.started or found[0] in _ENDED


@cache
def this_machine() -> str:
    """Boot id and PID namespace of this process; empty where the system does not give them."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _exists(pid: int) -> bool:
    """Whether there is a process *pid*: /proc mounted with `hidepid` hides those of other users."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _state_and_start(pid: int, proc: Path = _PROC) -> tuple[str, int] | None:
    """Letter of the state and start time in ticks; None when there is no such process."""
    try:
        # the name, in brackets, may contain anything
        fields = (proc / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        return fields[0], int(fields[19])
    except (OSError, ValueError, IndexError):
        return None
