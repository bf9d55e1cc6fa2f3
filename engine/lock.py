"""One run at a time: the lock files of the CLI's file backend.

Like the CLI, a run writes its own lock and then looks for others, so of two that start at once at most one goes on.
"""

import contextlib
import getpass
import json
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import psutil

from engine.errors import StackLocked


@dataclass(frozen=True)
class Lock:
    """Who holds it."""

    path: Path
    pid: int
    username: str
    hostname: str
    timestamp: str

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """None when it was released in the meantime."""
        try:
            content = json.loads(path.read_bytes() or b"{}")
        except FileNotFoundError:
            return None
        except ValueError:
            content = {}
        return cls(
            path,
            int(content.get("pid") or 0),
            str(content.get("username") or "somebody"),
            str(content.get("hostname") or ""),
            str(content.get("timestamp") or "an unknown time"),
        )

    def is_stale(self) -> bool:
        """Whether its process ran on this host and is gone, or another has its number by now."""
        if self.hostname != socket.gethostname() or self.pid <= 0:
            return False
        try:
            return psutil.Process(self.pid).create_time() > datetime.fromisoformat(self.timestamp).timestamp() + 1
        except psutil.NoSuchProcess:
            return True
        except (psutil.Error, ValueError):
            return False

    def __str__(self) -> str:
        return f"{self.username}@{self.hostname} (pid {self.pid}) since {self.timestamp}"


def locks(directory: Path) -> list[Lock]:
    """Those that are there now."""
    return [lock for path in sorted(directory.glob("*.json")) if (lock := Lock.read(path))]


@contextlib.contextmanager
def locked(directory: Path, stack: str, now: str) -> Iterator[Callable[[], None]]:
    """Hold the lock of *stack*; gives what releases it early. Raises StackLocked."""
    _raise_if_locked(locks(directory), stack)
    directory.mkdir(parents=True, exist_ok=True)
    mine = directory / f"{uuid.uuid4()}.json"

    def release() -> None:
        mine.unlink(missing_ok=True)

    content = {"pid": os.getpid(), "username": getpass.getuser(), "hostname": socket.gethostname(), "timestamp": now}
    mine.write_text(json.dumps(content), encoding="utf-8")
    try:
        _raise_if_locked([lock for lock in locks(directory) if lock.path != mine], stack)
        yield release
    finally:
        release()


def _raise_if_locked(others: list[Lock], stack: str) -> None:
    if not others:
        return
    holder = next((lock for lock in others if not lock.is_stale()), others[0])
    if holder.is_stale():
        raise StackLocked(
            f"the stack {stack} is locked by {holder}, and that process is gone; "
            f"remove its lock with: python -m engine cancel --stack {stack}"
        )
    raise StackLocked(
        f"the stack {stack} is locked by {holder}; wait for it to end, "
        f"or if it never will: python -m engine cancel --stack {stack}"
    )
