"""An emulator for every test that asks for one."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

# The emulator takes a second to import, which tests of the core need not wait for.
if TYPE_CHECKING:
    from fcpin.emulator import Emulator, Knobs


@pytest.fixture
def knobs() -> "Knobs":
    """Turned by a room with a fixture of this name, by a test with `@pytest.mark.parametrize("knobs", [Knobs(…)])`."""
    from fcpin.emulator import Knobs

    return Knobs()


@pytest.fixture
def cloud(knobs: "Knobs") -> "Iterator[Emulator]":
    from fcpin.emulator import Emulator

    with Emulator(knobs=knobs).serve() as cloud:
        yield cloud
