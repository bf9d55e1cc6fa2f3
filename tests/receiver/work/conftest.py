from collections.abc import Iterator
from pathlib import Path

import pytest

from fcpin.receiver.ledger.sqlite import SqliteStore
from tests.receiver.work.harness import WorkHarness


@pytest.fixture
def work(tmp_path: Path) -> Iterator[WorkHarness]:
    store = SqliteStore(tmp_path / "ledger.sqlite")
    yield WorkHarness(store)
    store.close()
