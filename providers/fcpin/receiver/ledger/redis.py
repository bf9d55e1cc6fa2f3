"""A store in Redis, for receivers on several machines.

A transaction watches what it reads, writes in one MULTI/EXEC, and is repeated when another one was faster. Keys of a
stack are its own, so stacks do not collide. Redis must append every write to its file and evict nothing.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import redis

from fcpin.errors import InvalidSettings, Problem
from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.ledger.model import VERSION

Answer = TypeVar("Answer")

_INVALID_URL: Final = (
    "is not a valid URL of Redis; in a password `/`, `?`, `#` and `@` are written %2F, %3F, %23 and %40"
)
_TIMEOUT: Final = 5.0
"""Seconds: to connect, and for a response."""
_NEVER: Final = math.inf


class RedisStore:
    """`Store` of the ledger. Thread-safe. Connects when it is used."""

    def __init__(self, url: str, prefix: str) -> None:
        """Raises InvalidSettings for an invalid URL."""
        self._prefix = prefix
        try:
            self._redis: Any = redis.Redis.from_url(url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT)
        except ValueError:  # whose sentence may hold a part of the password
            raise InvalidSettings(Problem("redis", _INVALID_URL)) from None

    def read(self, work: Callable[["_View"], Answer]) -> Answer:
        with self._failures():
            return work(_View(self._redis, self._prefix))

    def transact(self, work: Callable[["_Transaction"], Answer]) -> Answer:
        with self._failures():
            return self._transact(work)

    def stacks(self) -> Mapping[str, datetime | None]:
        with self._failures():
            rows = self._redis.zrange(f"{self._prefix}:stacks", 0, -1, withscores=True)
        return {stack.decode(): None if due == _NEVER else datetime.fromtimestamp(due, UTC) for stack, due in rows}

    def check_ready(self) -> None:
        """Raises LedgerUnavailable also for a Redis that may lose jobs, or that holds a ledger of another version."""
        key = f"{self._prefix}:version"
        with self._failures():
            self._redis.set(key, VERSION, nx=True)
            version = self._redis.get(key).decode()
            info = self._redis.info("everything")
        if version != str(VERSION):
            raise LedgerUnavailable(
                f"Redis holds a ledger of version {version}, expected {VERSION}; set `redis` to another database"
            )
        if not info.get("aof_enabled"):
            raise LedgerUnavailable(
                "Redis does not persist writes: jobs would be lost when it restarts; set `appendonly yes`"
            )
        if info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction":
            raise LedgerUnavailable(
                f"Redis may evict jobs when its memory is full: maxmemory-policy is {info.get('maxmemory_policy')};"
                " set `maxmemory-policy noeviction`"
            )

    def close(self) -> None:
        self._redis.close()

    def _transact(self, work: Callable[["_Transaction"], Answer]) -> Answer:
        with self._redis.pipeline() as pipe:
            while True:
                transaction = _Transaction(pipe, self._prefix)
                answer = work(transaction)
                if not transaction.writes:
                    return answer
                pipe.multi()
                for write in transaction.writes:
                    write()
                try:
                    pipe.execute()
                except redis.WatchError:
                    continue
                return answer

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except redis.RedisError as error:
            raise LedgerUnavailable(f"Redis cannot be used: {error}") from error


class _View:
    def __init__(self, connection: Any, prefix: str) -> None:
        self._connection, self._prefix = connection, prefix

    def value(self, key: str) -> bytes | None:
        found: bytes | None = self._connection.get(self._key("value", key))
        return found

    def entries(self, name: str, start: int = 0, stop: int | None = None) -> Sequence[bytes]:
        if stop is not None and stop <= start:
            return []
        found: Sequence[bytes] = self._connection.lrange(
            self._key("list", name), start, -1 if stop is None else stop - 1
        )
        return found

    def _key(self, kind: str, name: str) -> str:
        return f"{self._prefix}:{kind}:{name}"


class _Transaction(_View):
    """Reads at once, each key watched; writes when the reads are done."""

    def __init__(self, pipe: Any, prefix: str) -> None:
        super().__init__(pipe, prefix)
        self.writes: list[Callable[[], object]] = []

    def value(self, key: str) -> bytes | None:
        self._connection.watch(self._key("value", key))
        return super().value(key)

    def entries(self, name: str, start: int = 0, stop: int | None = None) -> Sequence[bytes]:
        self._connection.watch(self._key("list", name))
        return super().entries(name, start, stop)

    def set_value(self, key: str, value: bytes | None) -> None:
        key = self._key("value", key)
        self.writes.append(lambda: self._connection.delete(key) if value is None else self._connection.set(key, value))

    def append(self, name: str, entry: bytes, keep: int) -> None:
        key = self._key("list", name)
        self.writes.append(lambda: self._connection.lpush(key, entry))
        self.writes.append(lambda: self._connection.ltrim(key, 0, keep - 1))

    def remove(self, name: str, entry: bytes | None = None) -> None:
        key = self._key("list", name)
        self.writes.append(
            lambda: self._connection.delete(key) if entry is None else self._connection.lrem(key, 1, entry)
        )

    def set_due(self, stack: str, due: datetime | None) -> None:
        score = due.timestamp() if due else _NEVER
        self.writes.append(lambda: self._connection.zadd(f"{self._prefix}:stacks", {stack: score}))

    def remember(self, event: str, now: datetime, keep: timedelta) -> bool:
        key = self._key("event", event)
        self._connection.watch(key)
        if self._connection.exists(key):
            return False
        self.writes.append(lambda: self._connection.set(key, now.isoformat(), ex=keep))
        return True
