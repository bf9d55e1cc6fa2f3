"""Keep the state in a file, or not at all.

The file is an SQLite database, so that a blob is written once, and a change is on disk, whole, before the call that
made it is answered: a killed emulator starts again where it was.
"""

import dataclasses
import json
import sqlite3
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Protocol, TypeVar, get_args, get_origin, get_type_hints

from fcpin.emulator.state import State
from fcpin.emulator.wire import EmulatorError

T = TypeVar("T")
_FORMAT = 1


class Keeper(Protocol):
    """Where the state is kept. All calls are under the account's lock."""

    blobs: MutableMapping[str, bytes]
    """Content by digest."""

    def load(self) -> State: ...

    def save(self, state: State) -> None: ...

    def close(self) -> None: ...


class InMemory:
    """Gone with the process."""

    def __init__(self) -> None:
        self.blobs: MutableMapping[str, bytes] = {}

    def load(self) -> State:
        return State()

    def save(self, state: State) -> None:
        pass

    def close(self) -> None:
        pass


class InFile:
    """Kept in an SQLite database. Raises EmulatorError when *path* is something else, or made by a newer emulator."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._saved = ""
        path.touch(mode=0o600)
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            # Safe when the process is killed, which is what we promise; not when the machine loses its power.
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
        return decode(State, json.loads(row[1]))

    def save(self, state: State) -> None:
        content = json.dumps(dataclasses.asdict(state))
        if content != self._saved:
            self._database.execute("REPLACE INTO state (format, content) VALUES (?, ?)", (_FORMAT, content))
            self._saved = content

    def close(self) -> None:
        self._database.close()


class _Blobs(MutableMapping[str, bytes]):
    """Content-addressed, so a row never changes."""

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


def decode(kind: type[T], value: Any) -> T:
    """Make *kind* out of what `dataclasses.asdict` made of one, by its annotations."""
    decoded: T = _decode(kind, value)
    return decoded


def _decode(kind: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        kinds = get_type_hints(kind)
        return kind(**{name: _decode(kinds[name], one) for name, one in value.items()})
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        inner = next(one for one in arguments if one is not NoneType)
        return None if value is None else _decode(inner, value)
    if origin is list:
        return [_decode(arguments[0], one) for one in value]
    if origin is dict:
        return {key: _decode(arguments[1], one) for key, one in value.items()}
    return value
