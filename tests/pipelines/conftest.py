"""Harnesses for builders."""

from collections.abc import Iterator

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.pipelines.devs import DevsClient
from tests.pipelines.harness import DevsHarness, client_of, manual_clock


@pytest.fixture
def client(cloud: Emulator) -> DevsClient:
    return client_of(cloud)


@pytest.fixture
def devs(knobs: Knobs) -> Iterator[DevsHarness]:
    clock = manual_clock()
    with Emulator(knobs=knobs, clock=clock).serve() as cloud:
        yield DevsHarness(clock, cloud=cloud)
