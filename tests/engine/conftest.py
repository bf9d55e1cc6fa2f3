"""Fixtures of the engine's tests."""

from pathlib import Path

import pytest

from tests.engine.engine_harness import EngineHarness


@pytest.fixture
def engine(tmp_path: Path) -> EngineHarness:
    """A project and a backend of its own."""
    return EngineHarness(tmp_path)
