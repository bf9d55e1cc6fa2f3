"""A page over the real ledger, with a clock that stands still."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from starlette.applications import Starlette

from fcpin.receiver.ledger.ledger import Ledger, sqlite_ledger
from fcpin.receiver.page import LedgerActions, Page
from fcpin.receiver.settings.model import Mode, PageSettings, StackSettings
from fcpin.receiver.settings.secrets import Secret
from tests.receiver.page.page_client import HoldsFile, PageClient, Wakes
from tests.receiver.page.samples import NOON, TOKEN
from tests.support.clock import ManualClock

STACKS: Final[Mapping[str, StackSettings]] = {
    "prod": StackSettings(mode=Mode.APPROVE),
    "staging": StackSettings(),
}
SETTINGS: Final = PageSettings(token=Secret("env:TOKEN", TOKEN), session_key=Secret("env:KEY", "k" * 32))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = sqlite_ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture
def holds() -> HoldsFile:
    return HoldsFile()


@pytest.fixture
def wakes() -> Wakes:
    return Wakes()


@pytest.fixture
def settings() -> PageSettings:
    """A file of tests has its own where it needs others."""
    return SETTINGS


@pytest.fixture
def page(ledger: Ledger, holds: HoldsFile, wakes: Wakes, settings: PageSettings, clock: ManualClock) -> Page:
    actions = LedgerActions(ledger, holds, wakes, clock)
    return Page(ledger, actions, settings, STACKS, clock, poll_seconds=0.02)


@pytest.fixture
def anonymous(page: Page) -> PageClient:
    """A client without a session."""
    return PageClient(Starlette(routes=list(page.routes())))


@pytest.fixture
def ann(anonymous: PageClient) -> PageClient:
    """A client with the session of ann."""
    assert anonymous.log_in("ann").status == 303
    return anonymous
