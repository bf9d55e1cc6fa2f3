"""The ledger in one SQLite file, for the processes of one machine.

Write-ahead log and full synchronisation: what a call has done is on the disk when it returns. Writers take turns.
"""

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from fcpin.errors import InvalidSettings, Problem
from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.ledger import limits, rules
from fcpin.receiver.ledger.base import Ending, Received
from fcpin.receiver.ledger.codec import VERSION, decode, encode
from fcpin.receiver.ledger.model import Freeze, Job, Proposal, State, Transition
from fcpin.receiver.ledger.rules import NewId, Pace, Slots
from fcpin.receiver.push import Push

_PATIENCE: Final = 10.0
"""Seconds to wait for another writer."""

_TABLES: Final = (
    "CREATE TABLE live (stack TEXT PRIMARY KEY, waiting TEXT, running TEXT) STRICT",
    "CREATE TABLE ended (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, stack TEXT NOT NULL, job TEXT NOT NULL) STRICT",
    "CREATE INDEX ended_stack ON ended (stack, seq)",
    "CREATE TABLE event (sender TEXT, event TEXT, at REAL, PRIMARY KEY (sender, event)) STRICT",
    "CREATE INDEX event_at ON event (at)",
    "CREATE TABLE transition (seq INTEGER PRIMARY KEY, stack TEXT, pin TEXT, transition TEXT NOT NULL) STRICT",
    "CREATE INDEX transition_pin ON transition (stack, pin, seq)",
    "CREATE TABLE said (job TEXT, number INTEGER, line TEXT, PRIMARY KEY (job, number)) STRICT",
    "CREATE TABLE proposal (token TEXT PRIMARY KEY, stack TEXT NOT NULL, proposal TEXT NOT NULL) STRICT",
    "CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    "CREATE TABLE switch (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
)


class SqliteLedger:
    """`receiver.ledger.base.Ledger` in the file *path*, which is made when it is missing."""

    def __init__(self, path: Path, new_id: NewId = lambda: uuid.uuid4().hex[:12]) -> None:
        """Raises InvalidSettings for a file of another version, LedgerUnavailable for one that cannot be opened."""
        self._path, self._new_id, self._lock = path, new_id, threading.RLock()
        with self._failures():
            self._db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
        with self._transaction() as db:
            self._set_up(db)

    def _set_up(self, db: sqlite3.Connection) -> None:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for table in _TABLES:
                db.execute(table)
            db.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise InvalidSettings(
                Problem("state", f"{self._path} is a ledger of version {version}, this receiver has {VERSION}")
            )

    # Pushes and jobs

    def receive(
        self, push: Push, stacks: Sequence[str], now: datetime, *, quiet: timedelta, at_most: timedelta
    ) -> Received:
        with self._transaction() as db:
            db.execute("DELETE FROM event WHERE at < ?", ((now - limits.EVENTS_FOR).timestamp(),))
            row = (push.sender, push.event, now.timestamp())
            if not db.execute("INSERT OR IGNORE INTO event VALUES (?, ?, ?)", row).rowcount:
                return Received(False, {})
            wake = {}
            for stack in dict.fromkeys(stacks):
                slots = _slots(db, stack)
                after = rules.received(slots, stack, push, now, Pace(quiet, at_most), self._new_id)
                _keep(db, stack, after)
                if (due := rules.to_wake(slots, after)) is not None:
                    wake[stack] = due
            return Received(True, wake)

    def ask(self, stack: str, pins: Sequence[str], now: datetime) -> Job:
        with self._transaction() as db:
            return _asked(db, stack, pins, now, self._new_id)

    def claim(self, stack: str, worker: str, now: datetime, lease: timedelta) -> Job | None:
        with self._transaction() as db:
            after = rules.claimed(_slots(db, stack), worker, now, lease)
            if after is None:
                return None
            _keep(db, stack, after)
            return after.running

    def renew(self, job: Job, now: datetime, lease: timedelta) -> bool:
        with self._transaction() as db:
            after = rules.renewed(_slots(db, job.stack), job, now, lease)
            if after is not None:
                _keep(db, job.stack, after)
            return after is not None

    def finish(self, job: Job, ending: Ending, now: datetime, transitions: Sequence[Transition] = ()) -> Job | None:
        with self._transaction() as db:
            done = rules.finished(_slots(db, job.stack), job, ending, now)
            if done is None:
                return None
            after, ended = done
            _keep(db, job.stack, after)
            if ended:
                _end(db, ended)
            for transition in transitions:
                _record(db, transition)
            return after.waiting

    def waiting(self) -> Mapping[str, datetime]:
        slots = {row[0]: _read_slots(row[1], row[2]) for row in self._rows("SELECT stack, waiting, running FROM live")}
        return {stack: one.due for stack, one in slots.items() if one.due}

    def jobs(self, *, stack: str | None = None, limit: int = 50) -> Sequence[Job]:
        rows = self._rows("SELECT waiting, running FROM live WHERE ?1 IS NULL OR stack = ?1", stack)
        live = [job for row in rows for job in _read_slots(*row).jobs]
        ended = self._rows(
            "SELECT job FROM ended WHERE ?1 IS NULL OR stack = ?1 ORDER BY seq DESC LIMIT ?2", stack, limit
        )
        return rules.by_age([*live, *(decode(Job, row[0]) for row in ended)])[:limit]

    def retry(self, job: str, now: datetime) -> Job | None:
        with self._transaction() as db:
            row = db.execute("SELECT seq, job FROM ended WHERE id = ?", (job,)).fetchone()
            dead = decode(Job, row[1]) if row else None
            if dead is None or dead.state is not State.DEAD:
                return None
            db.execute("DELETE FROM ended WHERE seq = ?", (row[0],))
            after = rules.retried(_slots(db, dead.stack), dead, now)
            _keep(db, dead.stack, after)
            return after.waiting

    # What is told of them

    def say(self, job: str, line: str) -> None:
        with self._transaction() as db:
            last = db.execute("SELECT coalesce(max(number), 0) FROM said WHERE job = ?", (job,)).fetchone()[0]
            db.execute("INSERT INTO said VALUES (?, ?, ?)", (job, last + 1, line))
            db.execute("DELETE FROM said WHERE job = ? AND number <= ?", (job, last + 1 - limits.LINES))

    def said(self, job: str, after: int = 0) -> Sequence[tuple[int, str]]:
        return self._rows("SELECT number, line FROM said WHERE job = ? AND number > ? ORDER BY number", job, after)

    def transitions(self, *, stack: str | None = None, pin: str | None = None, limit: int = 50) -> Sequence[Transition]:
        rows = self._rows(
            "SELECT transition FROM transition WHERE (?1 IS NULL OR stack = ?1) AND (?2 IS NULL OR pin = ?2)"
            " ORDER BY seq DESC LIMIT ?3",
            stack,
            pin,
            limit,
        )
        return [decode(Transition, row[0]) for row in rows]

    def note(self, transition: Transition) -> bool:
        with self._transaction() as db:
            newest = db.execute(
                "SELECT transition FROM transition WHERE stack = ? AND pin = ? ORDER BY seq DESC LIMIT 1",
                (transition.stack, transition.pin),
            ).fetchone()
            if newest and rules.is_known(transition, decode(Transition, newest[0])):
                return False
            _record(db, transition)
            return True

    # What waits for a person

    def propose(self, stack: str, proposals: Sequence[Proposal]) -> None:
        with self._transaction() as db:
            before = db.execute("SELECT proposal FROM proposal WHERE stack = ?", (stack,)).fetchall()
            kept = rules.kept_approvals(proposals, [decode(Proposal, row[0]) for row in before])
            db.execute("DELETE FROM proposal WHERE stack = ?", (stack,))
            db.executemany(
                "INSERT OR REPLACE INTO proposal VALUES (?, ?, ?)", [(one.token, stack, encode(one)) for one in kept]
            )

    def proposals(self, stack: str | None = None) -> Sequence[Proposal]:
        rows = self._rows("SELECT proposal FROM proposal WHERE ?1 IS NULL OR stack = ?1", stack)
        return rules.by_proposal(decode(Proposal, row[0]) for row in rows)

    def approve(self, token: str, by: str, now: datetime) -> Proposal | None:
        with self._transaction() as db:
            row = db.execute("SELECT proposal FROM proposal WHERE token = ?", (token,)).fetchone()
            if row is None:
                return None
            approved = rules.approved(decode(Proposal, row[0]), by, now)
            db.execute("UPDATE proposal SET proposal = ? WHERE token = ?", (encode(approved), token))
            _asked(db, approved.stack, [approved.pin], now, self._new_id)
            return approved

    def freeze(self, freeze: Freeze | None) -> None:
        with self._transaction() as db:
            db.execute("DELETE FROM switch WHERE name = 'freeze'")
            if freeze:
                db.execute("INSERT INTO switch VALUES ('freeze', ?)", (encode(freeze),))

    def frozen(self) -> Freeze | None:
        rows = self._rows("SELECT value FROM switch WHERE name = 'freeze'")
        return decode(Freeze, rows[0][0]) if rows else None

    # The store

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (key, json.dumps(value)))

    def get(self, key: str) -> Mapping[str, Any] | None:
        rows = self._rows("SELECT value FROM kept WHERE key = ?", key)
        value: Mapping[str, Any] | None = json.loads(rows[0][0]) if rows else None
        return value

    def ready(self) -> None:
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO switch VALUES ('ready', '')")

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._failures():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock, self._failures():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerUnavailable(f"{self._path}: {error}; is the disk full, or the folder not writable?") from error


def _slots(db: sqlite3.Connection, stack: str) -> Slots:
    row = db.execute("SELECT waiting, running FROM live WHERE stack = ?", (stack,)).fetchone()
    return _read_slots(*row) if row else Slots()


def _read_slots(waiting: str | None, running: str | None) -> Slots:
    return Slots(decode(Job, waiting) if waiting else None, decode(Job, running) if running else None)


def _keep(db: sqlite3.Connection, stack: str, slots: Slots) -> None:
    texts = [encode(job) if job else None for job in (slots.waiting, slots.running)]
    if any(texts):
        db.execute("INSERT OR REPLACE INTO live VALUES (?, ?, ?)", (stack, *texts))
    else:
        db.execute("DELETE FROM live WHERE stack = ?", (stack,))


def _asked(db: sqlite3.Connection, stack: str, pins: Sequence[str], now: datetime, new_id: NewId) -> Job:
    after, job = rules.asked(_slots(db, stack), stack, pins, now, new_id)
    _keep(db, stack, after)
    return job


def _end(db: sqlite3.Connection, job: Job) -> None:
    db.execute("INSERT INTO ended (id, stack, job) VALUES (?, ?, ?)", (job.id, job.stack, encode(job)))
    over = db.execute(
        "SELECT seq, id FROM ended WHERE stack = ? ORDER BY seq DESC LIMIT -1 OFFSET ?", (job.stack, limits.JOBS)
    ).fetchall()
    for seq, old in over:
        db.execute("DELETE FROM ended WHERE seq = ?", (seq,))
        db.execute("DELETE FROM said WHERE job = ?", (old,))


def _record(db: sqlite3.Connection, transition: Transition) -> None:
    row = (transition.stack, transition.pin, encode(transition))
    db.execute("INSERT INTO transition (stack, pin, transition) VALUES (?, ?, ?)", row)
    db.execute(
        "DELETE FROM transition WHERE stack = ?1 AND seq NOT IN"
        " (SELECT seq FROM transition WHERE stack = ?1 ORDER BY seq DESC LIMIT ?2)",
        (transition.stack, limits.TRANSITIONS),
    )
