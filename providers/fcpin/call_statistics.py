"""Counts of API calls by service, operation and outcome: what an account's limits are watched by.

Every attempt counts, retries included. With `FCPIN_CALL_STATISTICS=<folder>` a process writes its counts there, as
`<pid>.json`, after each operation of the provider and when it ends; an engine may end a plugin without notice.
"""

import atexit
import json
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = "FCPIN_CALL_STATISTICS"


class Outcome(StrEnum):
    OK = "ok"
    """A response that the caller can go on with, also "not found" and the challenge to log in."""
    THROTTLED = "throttled"
    FAILED = "failed"


class Call(NamedTuple):
    service: str
    """`fc`, `devs`, `cr` (the API of ACR), `registry` (the OCI distribution API)."""
    operation: str
    """The API's name of it: `UpdateFunction`, `ListRepoTag`; for registries method and kind: `GET manifests`."""
    outcome: Outcome


class CallStatistics:
    """Counts of one process. Thread-safe."""

    def __init__(self) -> None:
        self._counts: Counter[Call] = Counter()
        self._lock = threading.Lock()

    def count(self, service: str, operation: str, outcome: Outcome) -> None:
        self.add({Call(service, operation, outcome): 1})

    def add(self, counts: Mapping[Call, int]) -> None:
        """Counts of other processes."""
        with self._lock:
            self._counts.update(counts)

    def counts(self) -> Mapping[Call, int]:
        with self._lock:
            return dict(self._counts)

    def write(self, folder: Path) -> None:
        """Replace this process's file in *folder*. A failure loses the counts."""
        with suppress(OSError), self._lock:
            file = folder / f"{os.getpid()}.json"
            partial = file.with_suffix(".partial")
            partial.write_text(json.dumps([[*call, count] for call, count in self._counts.items()]))
            partial.replace(file)


calls: Final = CallStatistics()
"""Those of this process."""


def write() -> None:
    """Write this process's counts to the folder of the environment, if it names one."""
    if folder := os.environ.get(FOLDER):
        calls.write(Path(folder))


def collect(folder: Path) -> Mapping[Call, int]:
    """The sum of the counts of all processes in *folder*, without files that cannot be read."""
    sums: Counter[Call] = Counter()
    for file in folder.glob("*.json"):
        with suppress(OSError, ValueError, TypeError):
            sums.update(dict(_read(file)))
    return dict(sums)


def _read(file: Path) -> Iterator[tuple[Call, int]]:
    for service, operation, outcome, count in json.loads(file.read_text()):
        yield Call(str(service), str(operation), Outcome(outcome)), int(count)


atexit.register(write)
