"""A ledger over each store: SQLite, and a real Redis."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from fcpin.receiver.ledger.ledger import Ledger, redis_ledger, sqlite_ledger

Open: TypeAlias = Callable[[], Ledger]


@pytest.fixture(params=["sqlite", "redis"])
def open_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same ledger again and again, as processes do."""
    opened: list[Ledger] = []
    prefix = f"test-{uuid.uuid4().hex}"
    url = request.getfixturevalue("redis").url if request.param == "redis" else ""

    def open_it() -> Ledger:
        opened.append(redis_ledger(url, prefix) if url else sqlite_ledger(tmp_path / "ledger.sqlite"))
        return opened[-1]

    yield open_it
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: Open) -> Ledger:
    return open_ledger()
