"""A store in one SQLite file, for the processes of one machine.

Write-ahead log and full synchronisation: a transaction is on the disk when it returns. Writers take turns.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from fcpin.errors import InvalidSettings, Problem
from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.ledger.model import VERSION

Answer = TypeVar("Answer")

_LOCK_SECONDS: Final = 10.0
"""To wait for another writer."""
_TABLES: Final = (
    "CREATE TABLE value (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT",
    "CREATE TABLE entry (number INTEGER PRIMARY KEY, list TEXT NOT NULL, entry BLOB NOT NULL) STRICT",
    "CREATE INDEX entry_list ON entry (list, number)",
    "CREATE TABLE stack (stack TEXT PRIMARY KEY, due REAL) STRICT",
    "CREATE TABLE event (event TEXT PRIMARY KEY, at REAL NOT NULL) STRICT",
    "CREATE INDEX event_at ON event (at)",
)


class SqliteStore:
    """`Store` of the ledger. Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Raises InvalidSettings for a file of another version, LedgerUnavailable for one that cannot be opened."""
        self._path, self._lock = path, threading.RLock()
        with self._failures():
            self._connection = sqlite3.connect(
                path, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
        with self._transaction():
            self._create_tables()

    def _create_tables(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for table in _TABLES:
                self._connection.execute(table)
            self._connection.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            problem = f"{self._path} is a ledger of version {version}, expected {VERSION}; use another folder"
            raise InvalidSettings(Problem("state", problem))

    def read(self, work: Callable[["_Transaction"], Answer]) -> Answer:
        with self._lock, self._failures():
            return work(_Transaction(self._connection))

    def transact(self, work: Callable[["_Transaction"], Answer]) -> Answer:
        with self._transaction():
            return work(_Transaction(self._connection))

    def stacks(self) -> Mapping[str, datetime | None]:
        with self._lock, self._failures():
            rows = self._connection.execute("SELECT stack, due FROM stack").fetchall()
        return {stack: None if due is None else datetime.fromtimestamp(due, UTC) for stack, due in rows}

    def check_ready(self) -> None:
        self.transact(lambda transaction: transaction.set_value("ready", b""))

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._failures():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerUnavailable(
                f"{self._path}: {error}; check that the disk is not full and the folder is writable"
            ) from error


class _Transaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def value(self, key: str) -> bytes | None:
        row = self._execute("SELECT value FROM value WHERE key = ?", (key,)).fetchone()
        return bytes(row[0]) if row else None

    def entries(self, name: str, start: int = 0, stop: int | None = None) -> Sequence[bytes]:
        limit = -1 if stop is None else max(0, stop - start)
        query = "SELECT entry FROM entry WHERE list = ? ORDER BY number DESC LIMIT ? OFFSET ?"
        return [row[0] for row in self._execute(query, (name, limit, start))]

    def set_value(self, key: str, value: bytes | None) -> None:
        if value is None:
            self._execute("DELETE FROM value WHERE key = ?", (key,))
        else:
            self._execute("INSERT OR REPLACE INTO value VALUES (?, ?)", (key, value))

    def append(self, name: str, entry: bytes, keep: int) -> None:
        self._execute("INSERT INTO entry (list, entry) VALUES (?, ?)", (name, entry))
        self._execute(
            "DELETE FROM entry WHERE list = ?1 AND number <="
            " (SELECT number FROM entry WHERE list = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
            (name, keep),
        )

    def remove(self, name: str, entry: bytes | None = None) -> None:
        self._execute("DELETE FROM entry WHERE list = ?1 AND (?2 IS NULL OR entry = ?2)", (name, entry))

    def set_due(self, stack: str, due: datetime | None) -> None:
        self._execute("INSERT OR REPLACE INTO stack VALUES (?, ?)", (stack, due.timestamp() if due else None))

    def remember(self, event: str, now: datetime, keep: timedelta) -> bool:
        self._execute("DELETE FROM event WHERE at < ?", ((now - keep).timestamp(),))
        return bool(self._execute("INSERT OR IGNORE INTO event VALUES (?, ?)", (event, now.timestamp())).rowcount)
