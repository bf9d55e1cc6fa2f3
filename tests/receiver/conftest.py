from collections.abc import Iterator
from pathlib import Path

import pytest

from fcpin.receiver.ledger.ledger import Ledger, sqlite_ledger
from tests.support.redis_server import RedisServer, redis_server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = sqlite_ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()
