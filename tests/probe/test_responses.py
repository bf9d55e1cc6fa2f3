"""A response of another shape settles no question, and is reported in one line."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fcpin.acr_hosts import acr_host
from fcpin.errors import FcpinError
from fcpin.http.credentials import Credentials
from fcpin.http.retries import Retry
from fcpin.image import Repository
from fcpin.probe.api import ACR_PERSONAL_VERSION, ACR_VERSION, FC_VERSION, AcrEnterprise, AcrPersonal, Api
from fcpin.probe.function import ProbeFunction
from tests.registry.scripted import Reply, ScriptedServer
from tests.support.clock import ManualClock

REPOSITORY = Repository("demo-registry.cn-hangzhou.cr.aliyuncs.com", "shop/app")
ONCE = Retry(attempts=1)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def api(url: str, version: str) -> Api:
    return Api(url, version, Credentials("key", "s3cret"), ONCE)


def of_acr(url: str, instance_id: str | None = "cri-1") -> AcrEnterprise:
    host = acr_host(REPOSITORY.host)
    assert host is not None
    return AcrEnterprise(api(url, ACR_VERSION), host, REPOSITORY, instance_id)


def of_function(url: str) -> ProbeFunction:
    return ProbeFunction("fcpin-probe-1", api(url, FC_VERSION), ManualClock(), 1.0)


CALLS: list[tuple[str, Callable[[str], Any]]] = [
    ("GetFunction", lambda url: of_function(url).get()),
    ("CreateFunction", lambda url: of_function(url).create({})),
    ("ListInstance", lambda url: of_acr(url, None).instance_id),
    ("GetRepository", lambda url: of_acr(url).has_movable_tags),
    ("GetAuthorizationToken", lambda url: of_acr(url).login()),
    ("DeleteRepoTag", lambda url: of_acr(url).delete_tag("v1")),
    ("GetRepoTags", lambda url: AcrPersonal(api(url, ACR_PERSONAL_VERSION), REPOSITORY).tag("v1")),
]
BODIES: list[Any] = [
    {},
    None,
    [1],
    "text",
    {"functions": [1], "Instances": {}, "data": {"tags": ["v1"]}, "functionName": []},
    {"IsSuccess": "true"},
    {"data": {"tags": 7}, "functions": None},
]


PROXIES = [(status, b"<html></html>") for status in (302, 404, 502)]


@pytest.mark.parametrize("call", [row[1] for row in CALLS], ids=[row[0] for row in CALLS])
def test_a_response_of_another_shape_is_an_error(call: Callable[[str], Any], server: ScriptedServer) -> None:
    for body in BODIES:
        reply = Reply(200, json.dumps(body).encode())
        server.otherwise(lambda _: reply)  # noqa: B023 - replaced before the next one
        with pytest.raises(FcpinError, match="expected"):
            call(server.url)


@pytest.mark.parametrize("call", [row[1] for row in CALLS], ids=[row[0] for row in CALLS])
def test_the_page_of_a_proxy_is_an_error(call: Callable[[str], Any], server: ScriptedServer) -> None:
    for status, page in PROXIES:
        reply = Reply(status, page, {"Location": "http://localhost:1/"})
        server.otherwise(lambda _: reply)  # noqa: B023 - replaced before the next one
        with pytest.raises(FcpinError):
            call(server.url)
    assert len(server.requests) == len(PROXIES)
