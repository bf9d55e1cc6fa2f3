"""What one store has of its own: its version, its durability, and its failures."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import redis as redis_client

from fcpin.errors import InvalidSettings
from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.ledger.ledger import redis_ledger, sqlite_ledger
from tests.receiver.samples import NO_TIME, at, push
from tests.support.redis_server import RedisServer, redis_server

Edit = Callable[[str], None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger with a job."""
    with closing(sqlite_ledger(tmp_path / "ledger.sqlite")) as ledger:
        ledger.request("prod", ["api"], at(0))
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def edit(file: Path) -> Iterator[Edit]:
    """Changes the file as another program does."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        yield lambda statement: database.execute(statement).close()


def test_unknown_fields_of_a_newer_receiver_are_ignored(file: Path, edit: Edit) -> None:
    edit('UPDATE value SET value = CAST(replace(value, \'{"pending":{\', \'{"pending":{"new":1,\') AS BLOB)')
    with closing(sqlite_ledger(file)) as ledger:
        assert [job.requested_pins for job in ledger.jobs()] == [("api",)]


def test_a_file_of_another_version_is_rejected(file: Path, edit: Edit) -> None:
    edit("PRAGMA user_version = 99")
    with pytest.raises(InvalidSettings, match=r"state: .*version 99"):
        sqlite_ledger(file)


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="missing"):
        sqlite_ledger(tmp_path / "missing" / "ledger.sqlite")


DESTROYED = [
    ("DROP TABLE stack", "no such table: stack"),
    ("UPDATE value SET value = CAST('{' AS BLOB)", "a StackRecord in the store cannot be read"),
]


@pytest.mark.parametrize(("statement", "reason"), DESTROYED)
def test_a_ledger_that_another_program_destroyed(file: Path, edit: Edit, statement: str, reason: str) -> None:
    with closing(sqlite_ledger(file)) as ledger:
        edit(statement)
        with pytest.raises(LedgerUnavailable, match=reason):
            ledger.jobs()


def test_several_processes_may_create_the_file_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for ledger in pool.map(lambda _: sqlite_ledger(tmp_path / "ledger.sqlite"), range(8)):
            ledger.close()


def test_a_job_outlives_a_crash_of_redis() -> None:
    with redis_server() as server, closing(redis_ledger(server.url)) as ledger:
        ledger.add_event(push(), ["prod"], at(0), debounce=NO_TIME, max_wait=NO_TIME)
        server.kill()
        with pytest.raises(LedgerUnavailable):
            ledger.due_times()
        server.start()
        assert ledger.claim("prod", "w1", at(1), timedelta(seconds=30))


CONFIGURATIONS = [
    ("loses writes when it restarts", ["--appendonly", "no"], "appendonly yes"),
    ("evicts when it is full", ["--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru"], "noeviction"),
]


@pytest.mark.parametrize(("options", "advice"), [pytest.param(*row[1:], id=row[0]) for row in CONFIGURATIONS])
def test_a_redis_that_would_lose_jobs_is_not_ready(options: list[str], advice: str) -> None:
    with (
        redis_server(*options) as server,
        closing(redis_ledger(server.url)) as ledger,
        pytest.raises(LedgerUnavailable, match=advice),
    ):
        ledger.check_ready()


def test_a_redis_of_another_version_is_rejected(redis: RedisServer) -> None:
    with closing(redis_ledger(redis.url, "of-another-version")) as ledger:
        ledger.check_ready()
        with redis_client.Redis.from_url(redis.url) as client:
            client.set("of-another-version:version", "99")
        with pytest.raises(LedgerUnavailable, match="version 99"):
            ledger.check_ready()


@pytest.mark.parametrize("url", ["localhost", "redis://:hunter2/hunter3@localhost/0", "redis://[::1/0"])
def test_an_invalid_url_is_rejected_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidSettings, match=r"redis: .* %2F") as error:
        redis_ledger(url)
    assert "hunter" not in str(error.value)
