"""A stack for the commands that are about one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator, Knobs
from tests.support.told_stack import ToldStack


@pytest.fixture
def knobs() -> Knobs:
    """Turned by a test with `@pytest.mark.parametrize("knobs", [Knobs(…)])`."""
    return Knobs(create_seconds=0, update_seconds=0)


@pytest.fixture
def told(knobs: Knobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ToldStack]:
    """A stack with one repository in ACR Enterprise, and nothing deployed yet."""
    with Emulator(knobs=knobs).serve() as cloud:
        told = ToldStack(tmp_path, cloud)
        monkeypatch.setenv("PATH", told.path())
        monkeypatch.delenv("ENGINE", raising=False)
        yield told
