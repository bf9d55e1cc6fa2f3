"""How often each service was called, and what came of it: for whoever watches the limits of an account.

Every try counts, retries included. With `FCPIN_TALLY=<folder>` a process leaves its counts there, as `<pid>.json`,
after each operation of the provider and when it ends; engines end their plugins in any way they like.
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

FOLDER: Final = "FCPIN_TALLY"


class Outcome(StrEnum):
    """What came of one call."""

    OK = "ok"
    """An answer that can be gone on with: also that something is not there, or wants a login first."""
    THROTTLED = "throttled"
    FAILED = "failed"


class Call(NamedTuple):
    """What was called."""

    service: str
    """`fc`, `devs`, `cr` (the API of ACR), `registry` (the OCI distribution API)."""
    operation: str
    """The API's own word: `UpdateFunction`, `ListRepoTag`; for registries method and kind: `GET manifests`."""
    outcome: Outcome


class Tally:
    """Counts of one process. Thread-safe."""

    def __init__(self) -> None:
        self._counts: Counter[Call] = Counter()
        self._lock = threading.Lock()

    def count(self, service: str, operation: str, outcome: Outcome) -> None:
        """One call more."""
        self.add({Call(service, operation, outcome): 1})

    def add(self, counts: Mapping[Call, int]) -> None:
        """What other processes counted."""
        with self._lock:
            self._counts.update(counts)

    def counts(self) -> Mapping[Call, int]:
        """All of it until now."""
        with self._lock:
            return dict(self._counts)

    def leave(self, folder: Path) -> None:
        """Write all of it into *folder*, in the place of what this process left there. A failure loses the counts."""
        with suppress(OSError), self._lock:
            file = folder / f"{os.getpid()}.json"
            partial = file.with_suffix(".partial")
            partial.write_text(json.dumps([[*call, count] for call, count in self._counts.items()]))
            partial.replace(file)


calls: Final = Tally()
"""Those of this process."""


def leave() -> None:
    """Write what this process counted to where the environment says, if it does."""
    if folder := os.environ.get(FOLDER):
        calls.leave(Path(folder))


def collected(folder: Path) -> Mapping[Call, int]:
    """What all processes left in *folder*. What cannot be read is left out."""
    sums: Counter[Call] = Counter()
    for file in folder.glob("*.json"):
        with suppress(OSError, ValueError, TypeError):
            sums.update(dict(_read(file)))
    return dict(sums)


def _read(file: Path) -> Iterator[tuple[Call, int]]:
    for service, operation, outcome, count in json.loads(file.read_text()):
        yield Call(str(service), str(operation), Outcome(outcome)), int(count)


atexit.register(leave)
