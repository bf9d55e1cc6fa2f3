"""A cloud, and a stack that points at it, on every engine there is."""

import os
import shutil
from pathlib import Path

import pytest

from fcpin.emulator import Emulator, Knobs
from tests.lifecycle.stack_harness import StackHarness
from tests.support.stack import Stack

QUICK = Knobs(create_seconds=0.05, update_seconds=0.05)
"""Long enough to be seen in progress, short enough not to be waited for."""


@pytest.fixture(params=["embedded", "pulumi"])
def engine(request: pytest.FixtureRequest) -> str:
    """Every case runs on both engines, or on the one that `make test ENGINE=…` names."""
    name: str = request.param
    if (wanted := os.environ.get("ENGINE", "auto")) not in {"auto", name}:
        pytest.skip(f"ENGINE={wanted}")
    if name == "pulumi" and shutil.which("pulumi") is None:
        pytest.skip("the Pulumi CLI is not on PATH")
    return name


@pytest.fixture
def knobs() -> Knobs:
    """How the cloud behaves; a module overrides it to turn one."""
    return QUICK


@pytest.fixture
def harness(tmp_path: Path, engine: str, cloud: Emulator) -> StackHarness:
    """A stack with one repository in ACR Enterprise, and nothing deployed yet."""
    return StackHarness.open(Stack(tmp_path / "project", engine), cloud)
