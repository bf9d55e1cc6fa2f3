"""An emulator, and a client of its Devs API."""

from collections.abc import Iterator
from typing import Any

import pytest

from emulator import Emulator, Knobs
from fcpin.devs.client import DevsClient
from fcpin.openapi import Credentials, Retry

AT_ONCE = Retry(attempts=3, seconds=10, first_wait=0.001, longest_wait=0.01)
IMAGE = "registry.cn-hangzhou.aliyuncs.com/shop/app:8f2b1c0"


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
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
def client(cloud: Emulator) -> DevsClient:
    return client_of(cloud, cloud.access_key_secret)


def client_of(cloud: Emulator, secret: str) -> DevsClient:
    return DevsClient(endpoint=cloud.url, credentials=Credentials(cloud.access_key_id, secret), retry=AT_ONCE)


def document(name: str = "p-1", image: str = IMAGE, **more: Any) -> dict[str, Any]:
    """A pipeline with one build."""
    data = {"enable": True, "build": {"image": image, **more.pop("build", {})}, **more.pop("data", {})}
    task = {"name": "build", "taskTemplate": "build-image-task", "context": {"data": data}, "runAfters": []}
    return {"kind": "Pipeline", "name": name, "spec": {"templateSpec": {"tasks": [task]}}, **more}
