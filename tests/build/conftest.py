"""A workshop, and the cloud that it builds in."""

from collections.abc import Iterator

import pytest

from fcpin.emulator import Emulator, Knobs
from tests.build.workshop import Workshop, clock


@pytest.fixture
def workshop(knobs: Knobs) -> Iterator[Workshop]:
    time = clock()
    with Emulator(knobs=knobs, clock=time).serve() as cloud:
        yield Workshop(cloud, time)
