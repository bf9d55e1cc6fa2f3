"""One run at a time: the lock files of the CLI's file backend.

Like the CLI, a run writes its own lock and then looks for others, so of two that start at once at most one goes on.
"""

import contextlib
import getpass
import json
import os
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from engine.errors import StackLocked
from engine.stack import Stack


@dataclass(frozen=True)
class Lock:
    """Who holds it. A file that says nothing is a lock of somebody."""

    path: Path
    content: Mapping[str, Any]

    @property
    def is_stale(self) -> bool:
        """Whether its process ran on this host and is gone, or another has its number by now."""
        if self.content.get("hostname") != socket.gethostname():
            return False
        with contextlib.suppress(psutil.AccessDenied, KeyError, TypeError, ValueError):
            since = datetime.fromisoformat(self.content["timestamp"]).timestamp()
            pid = int(self.content["pid"])
            return not psutil.pid_exists(pid) or psutil.Process(pid).create_time() > since + 1
        return False

    def __str__(self) -> str:
        user, host, pid, since = (self.content.get(key, "?") for key in ("username", "hostname", "pid", "timestamp"))
        return f"{user}@{host} (pid {pid}) since {since}"


def locks(stack: Stack) -> list[Lock]:
    """Those that are there now, the stale ones last."""
    found = []
    for path in stack.lock_folder.glob("*.json"):
        with contextlib.suppress(FileNotFoundError):  # released in the meantime
            found.append(Lock(path, _content(path.read_bytes())))
    return sorted(found, key=lambda lock: lock.is_stale)


def _content(text: bytes) -> Mapping[str, Any]:
    with contextlib.suppress(ValueError):
        if isinstance(content := json.loads(text), dict):
            return content
    return {}


@contextlib.contextmanager
def locked(stack: Stack) -> Iterator[Callable[[], None]]:
    """Hold the lock of *stack*; gives what releases it early. Raises StackLocked."""
    _raise_if_locked(stack)
    stack.lock_folder.mkdir(parents=True, exist_ok=True)
    mine = stack.lock_folder / f"{uuid.uuid4()}.json"
    holder = {"pid": os.getpid(), "username": getpass.getuser(), "hostname": socket.gethostname()}
    try:
        mine.write_text(json.dumps({**holder, "timestamp": stack.now}), encoding="utf-8")
        _raise_if_locked(stack, mine)
        yield lambda: mine.unlink(missing_ok=True)
    finally:
        mine.unlink(missing_ok=True)


def _raise_if_locked(stack: Stack, mine: Path | None = None) -> None:
    for lock in locks(stack):
        if lock.path != mine:
            gone = ", and that process is gone; remove its lock with"
            advice = gone if lock.is_stale else "; wait for it to end, or if it never will"
            raise StackLocked(f"the stack {stack.name} is locked by {lock}{advice}: {_CANCEL} {stack.name}")


_CANCEL = "python -m engine cancel --stack"
