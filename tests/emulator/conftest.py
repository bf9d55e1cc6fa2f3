"""The clients that talk to a test's emulator."""

from collections.abc import Iterator

import pytest

from fcpin.emulator import Emulator
from tests.emulator.clients import Functions, Registry


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDKs take a proxy even for loopback, and look for ECS metadata."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")


@pytest.fixture
def functions(cloud: Emulator) -> Functions:
    """The SDK of FC, and an image to run."""
    cloud.push("shop/app", "main", content="one")
    return Functions(cloud)


@pytest.fixture
def registry(cloud: Emulator) -> Iterator[Registry]:
    registry = Registry(cloud)
    yield registry
    registry.http.clear()
