"""An answer of another shape settles no question, and is one line."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fcpin.errors import FcpinError
from fcpin.http.credentials import Credentials
from fcpin.http.limits import Retry
from fcpin.image import Repository, acr_host
from fcpin.probe import acr, function, personal
from fcpin.probe.acr import Acr
from fcpin.probe.api import Api
from fcpin.probe.function import ProbeFunction
from fcpin.probe.personal import Personal
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


def of_acr(url: str, instance_id: str | None = "cri-1") -> Acr:
    host = acr_host(REPOSITORY.host)
    assert host is not None
    return Acr(api(url, acr.VERSION), host, REPOSITORY, instance_id)


def of_function(url: str) -> ProbeFunction:
    return ProbeFunction("fcpin-probe-1", api(url, function.VERSION), ManualClock(), 1.0)


CALLS: list[tuple[str, Callable[[str], Any]]] = [
    ("GetFunction", lambda url: of_function(url).get()),
    ("ListFunctions", lambda url: of_function(url).listed()),
    ("CreateFunction", lambda url: of_function(url).create({})),
    ("ListInstance", lambda url: of_acr(url, None).instance_id),
    ("GetRepository", lambda url: of_acr(url).has_movable_tags),
    ("GetAuthorizationToken", lambda url: of_acr(url).login()),
    ("DeleteRepoTag", lambda url: of_acr(url).delete_tag("v1")),
    ("GetRepoTags", lambda url: Personal(api(url, personal.VERSION), REPOSITORY).tag("v1")),
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


@pytest.mark.parametrize("call", [row[1] for row in CALLS], ids=[row[0] for row in CALLS])
@pytest.mark.parametrize("body", BODIES, ids=json.dumps)
def test_json_of_another_shape(call: Callable[[str], Any], body: Any, server: ScriptedServer) -> None:
    server.otherwise(lambda _: Reply(200, json.dumps(body).encode()))
    with pytest.raises(FcpinError, match="expected"):
        call(server.url)


@pytest.mark.parametrize("call", [row[1] for row in CALLS], ids=[row[0] for row in CALLS])
@pytest.mark.parametrize("status", [302, 403, 404, 502])
def test_the_page_of_a_proxy(call: Callable[[str], Any], status: int, server: ScriptedServer) -> None:
    server.otherwise(lambda _: Reply(status, b"<html></html>", {"Location": "http://localhost:1/"}))
    with pytest.raises(FcpinError):
        call(server.url)
    assert len(server.requests) == 1
