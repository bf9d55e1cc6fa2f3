"""A ledger, and a receiver over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fcpin.receiver.ledger.ledger import Ledger, sqlite_ledger
from tests.receiver.metrics.scraped import Scraped


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = sqlite_ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


@pytest.fixture
def scraped(ledger: Ledger) -> Scraped:
    return Scraped(ledger)
