"""A ledger, and a receiver over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fcpin.receiver.ledger.ledger import sqlite_ledger
from tests.receiver.metrics.scraped import Scraped


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite_ledger]:
    ledger = sqlite_ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


@pytest.fixture
def scraped(ledger: sqlite_ledger) -> Scraped:
    return Scraped(ledger)
