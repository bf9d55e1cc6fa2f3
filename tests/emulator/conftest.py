from collections.abc import Iterator

import pytest

from fcpin.emulator import Emulator
from tests.emulator.clients import Functions, Registry


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDKs use a proxy even for loopback, and query ECS metadata."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")


@pytest.fixture(scope="module")
def shared() -> Iterator[Emulator]:
    """One emulator for the tests of a module that leave its state as it was: with shop/app:main alone."""
    with Emulator().serve() as cloud:
        cloud.push("shop/app", "main", content="one")
        yield cloud


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
