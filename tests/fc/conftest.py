"""A region with two images and no function, and its client."""

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.fc.client import FunctionClient
from tests.fc.regional import client_of
from tests.support.instant import INSTANT


@pytest.fixture
def knobs() -> Knobs:
    return INSTANT


@pytest.fixture
def cloud(cloud: Emulator) -> Emulator:
    for tag in ("main-1", "main-2"):
        cloud.push("shop/app", tag)
    return cloud


@pytest.fixture
def client(cloud: Emulator) -> FunctionClient:
    return client_of(cloud, cloud.access_key_secret)
