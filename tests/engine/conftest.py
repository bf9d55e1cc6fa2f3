"""Fixtures of the engine's tests."""

from pathlib import Path

import pytest

from tests.engine.workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """A project and a backend of its own."""
    return Workbench(tmp_path)
