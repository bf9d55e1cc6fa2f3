"""What the receiver's tests share in a run: one Redis, and one deployed project on each engine."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fcpin.emulator import Emulator
from fcpin.receiver.ledger.ledger import Ledger, sqlite_ledger
from tests.lifecycle.conftest import QUICK
from tests.receiver.converge.project import Project
from tests.support.redis_server import RedisServer, redis_server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = sqlite_ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture(scope="session", params=["embedded", "pulumi"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """On the engines that the lifecycle cases run on. Each case pushes and deploys on its own."""
    name: str = request.param
    if (wanted := os.environ.get("ENGINE", "auto")) not in {"auto", name}:
        pytest.skip(f"ENGINE={wanted}")
    if name == "pulumi" and shutil.which("pulumi") is None:
        pytest.skip("the Pulumi CLI is not on PATH")
    with pytest.MonkeyPatch.context() as environment, Emulator(knobs=QUICK).serve() as cloud:
        environment.setenv("PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK", "1")  # a CLI from source has no version
        yield Project.deployed(tmp_path_factory.mktemp(name), name, cloud)
