"""A server that answers what a registry should not."""

from collections.abc import Iterator

import pytest

from tests.registry.scripted import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server
