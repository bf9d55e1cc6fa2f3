import pytest

from fcpin.receiver.ledger.ledger import Ledger
from tests.receiver.page.page_client import PageClient, PageHarness


@pytest.fixture
def harness(ledger: Ledger) -> PageHarness:
    return PageHarness(ledger)


@pytest.fixture
def anonymous(harness: PageHarness) -> PageClient:
    """A client without a session."""
    return PageClient(harness.page())


@pytest.fixture
def ann(anonymous: PageClient) -> PageClient:
    """A client with the session of ann."""
    assert anonymous.log_in("ann").status == 303
    return anonymous
