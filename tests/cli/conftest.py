"""A stack for the commands that are about one."""

from pathlib import Path

import pytest

from fcpin.emulator import Emulator, Knobs
from tests.support.deployed_stack import DeployedStack
from tests.support.instant import INSTANT


@pytest.fixture
def knobs() -> Knobs:
    return INSTANT


@pytest.fixture
def stack(cloud: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeployedStack:
    """A stack with one repository in ACR Enterprise, and nothing deployed yet."""
    stack = DeployedStack(tmp_path, cloud)
    monkeypatch.setenv("PATH", stack.path())
    monkeypatch.delenv("ENGINE", raising=False)
    return stack


@pytest.fixture
def key(cloud: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment has the access key that the cloud takes."""
    monkeypatch.setenv("ALICLOUD_ACCESS_KEY", cloud.access_key_id)
    monkeypatch.setenv("ALICLOUD_SECRET_KEY", cloud.access_key_secret)
