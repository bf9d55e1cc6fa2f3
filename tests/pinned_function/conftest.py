import pytest

from fcpin.emulator import Emulator, Knobs
from tests.support.instant import INSTANT
from tests.support.plugin import Plugin


@pytest.fixture
def knobs() -> Knobs:
    return INSTANT


@pytest.fixture
def plugin(cloud: Emulator) -> Plugin:
    return Plugin(cloud)
