"""What one store has of its own: its version, its durability, and its failures."""

import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import redis as redis_client

from fcpin.errors import InvalidSettings
from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.ledger.ledger import Ledger, redis_ledger, sqlite_ledger
from tests.receiver.samples import at, push
from tests.support.redis_server import RedisServer, redis_server


def test_unknown_fields_of_a_newer_receiver_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = sqlite_ledger(path)
    job = ledger.request("prod", ["api"], at(0))
    with sqlite3.connect(path) as db:
        db.execute('UPDATE value SET value = CAST(replace(value, \'{"pending":{\', \'{"pending":{"new":1,\') AS BLOB)')
    db.close()
    assert list(ledger.jobs()) == [job]
    ledger.close()


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    sqlite_ledger(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(InvalidSettings, match=r"state: .*version 99"):
        sqlite_ledger(path)


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="missing"):
        sqlite_ledger(tmp_path / "missing" / "ledger.sqlite")


def test_a_ledger_that_another_program_destroyed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = sqlite_ledger(path)
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE stack")
    db.close()
    with pytest.raises(LedgerUnavailable, match="no such table: stack"):
        ledger.due_times()
    ledger.close()


def test_a_value_that_another_program_destroyed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = sqlite_ledger(path)
    ledger.request("prod", ["api"], at(0))
    with sqlite3.connect(path) as db:
        db.execute("UPDATE value SET value = CAST('{' AS BLOB)")
    db.close()
    with pytest.raises(LedgerUnavailable, match="a StackRecord in the store cannot be read"):
        ledger.jobs()
    ledger.close()


def test_several_processes_may_create_the_file_at_once(tmp_path: Path) -> None:
    made: list[Ledger] = []
    makers = [threading.Thread(target=lambda: made.append(sqlite_ledger(tmp_path / "ledger.sqlite"))) for _ in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert len(made) == 8
    for ledger in made:
        ledger.close()


def test_a_job_outlives_a_crash_of_redis() -> None:
    with redis_server() as server:
        ledger = redis_ledger(server.url)
        ledger.add_event(push(), ["prod"], at(0), debounce=timedelta(0), max_wait=timedelta(0))
        server.kill()
        with pytest.raises(LedgerUnavailable):
            ledger.due_times()
        server.start()
        assert ledger.claim("prod", "w1", at(1), timedelta(seconds=30))
        ledger.close()


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        pytest.param(["--appendonly", "no"], "appendonly yes", id="a Redis that loses writes when it restarts"),
        pytest.param(
            ["--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru"],
            "noeviction",
            id="a Redis that evicts when it is full",
        ),
    ],
)
def test_a_redis_that_would_lose_jobs_is_not_ready(options: list[str], advice: str) -> None:
    with redis_server(*options) as server:
        ledger = redis_ledger(server.url)
        with pytest.raises(LedgerUnavailable, match=advice):
            ledger.check_ready()
        ledger.close()


def test_a_redis_of_another_version_is_refused(redis: RedisServer) -> None:
    ledger = redis_ledger(redis.url, "of-another-version")
    ledger.check_ready()
    with redis_client.Redis.from_url(redis.url) as client:
        client.set("of-another-version:version", "99")
    with pytest.raises(LedgerUnavailable, match="version 99"):
        ledger.check_ready()
    ledger.close()


@pytest.mark.parametrize("url", ["localhost", "redis://:hunter2/hunter3@localhost/0", "redis://[::1/0"])
def test_an_invalid_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidSettings, match=r"redis: .* %2F") as refusal:
        redis_ledger(url)
    assert "hunter" not in str(refusal.value)
