"""An emulator per test, and the clients that talk to it."""

from collections.abc import Iterator

import pytest

from emulator import Emulator, Knobs
from tests.emulator.clients import Functions, Registry


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDKs take a proxy even for loopback, and look for ECS metadata."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")


@pytest.fixture
def knobs() -> Knobs:
    """Turned by a test with `@pytest.mark.parametrize("knobs", [Knobs(…)])`."""
    return Knobs()


@pytest.fixture
def cloud(knobs: Knobs) -> Iterator[Emulator]:
    with Emulator(knobs=knobs).serve() as cloud:
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
