"""A ledger, and a receiver over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fcpin.receiver.ledger.sqlite import SqliteLedger
from tests.receiver.metrics.scraped import Scraped


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


@pytest.fixture
def scraped(ledger: SqliteLedger) -> Scraped:
    return Scraped(ledger)
