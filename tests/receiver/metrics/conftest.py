import pytest

from fcpin.receiver.ledger.ledger import Ledger
from tests.receiver.metrics.scraped import Scraped


@pytest.fixture
def scraped(ledger: Ledger) -> Scraped:
    return Scraped(ledger)
