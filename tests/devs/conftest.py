"""A cloud, and the client of its Devs API."""

import pytest

from fcpin.devs.client import DevsClient
from fcpin.emulator import Emulator
from tests.devs.submitted import client_of


@pytest.fixture
def client(cloud: Emulator) -> DevsClient:
    return client_of(cloud, cloud.access_key_secret)
