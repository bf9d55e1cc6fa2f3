"""Storage of the state: in memory, or in an SQLite file.

In the file a blob is written once, and a change is complete on disk before the response to the call that made it: a
killed emulator continues where it was.
"""

import sqlite3
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Protocol

import msgspec

from fcpin.emulator.state import State
from fcpin.emulator.wire import EmulatorError

_FORMAT = 1


class StateStorage(Protocol):
    """Stores the state. All calls are under the account's lock."""

    blobs: MutableMapping[str, bytes]
    """Content by digest."""

    def load(self) -> State: ...

    def save(self, state: State) -> None: ...

    def close(self) -> None: ...


class MemoryStorage:
    def __init__(self) -> None:
        self.blobs: MutableMapping[str, bytes] = {}

    def load(self) -> State:
        return State()

    def save(self, state: State) -> None:
        pass

    def close(self) -> None:
        pass


class FileStorage:
    """Raises EmulatorError when *path* is not a database of this emulator, or has another format."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._saved = ""
        path.touch(mode=0o600)
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            # Durable when the process is killed; not when the machine loses power.
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = OFF")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS state (format INTEGER PRIMARY KEY, content TEXT NOT NULL)"
            )
            self._database.execute("CREATE TABLE IF NOT EXISTS blob (digest TEXT PRIMARY KEY, content BLOB NOT NULL)")
        except sqlite3.DatabaseError as error:
            self._database.close()
            raise EmulatorError(f"state file {path}: not made by the emulator ({error}); name another file") from error
        self.blobs: MutableMapping[str, bytes] = _Blobs(self._database)

    def load(self) -> State:
        row = self._database.execute("SELECT format, content FROM state").fetchone()
        if row is None:
            return State()
        if row[0] != _FORMAT:
            self.close()
            raise EmulatorError(f"state file {self._path}: format {row[0]}, expected {_FORMAT}; name another file")
        self._saved = row[1]
        return msgspec.json.decode(row[1], type=State)

    def save(self, state: State) -> None:
        content = msgspec.json.encode(state).decode()
        if content != self._saved:
            self._database.execute("REPLACE INTO state (format, content) VALUES (?, ?)", (_FORMAT, content))
            self._saved = content

    def close(self) -> None:
        self._database.close()


class _Blobs(MutableMapping[str, bytes]):
    """Content by digest: a row never changes."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __getitem__(self, digest: str) -> bytes:
        row = self._database.execute("SELECT content FROM blob WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            raise KeyError(digest)
        content: bytes = row[0]
        return content

    def __setitem__(self, digest: str, content: bytes) -> None:
        self._database.execute("REPLACE INTO blob (digest, content) VALUES (?, ?)", (digest, content))

    def __delitem__(self, digest: str) -> None:
        self._database.execute("DELETE FROM blob WHERE digest = ?", (digest,))

    def __iter__(self) -> Iterator[str]:
        return (row[0] for row in self._database.execute("SELECT digest FROM blob"))

    def __len__(self) -> int:
        count: int = self._database.execute("SELECT COUNT(*) FROM blob").fetchone()[0]
        return count
