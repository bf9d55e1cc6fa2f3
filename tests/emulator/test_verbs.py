"""The verbs: in this process, over HTTP, and their errors."""

import http.client
import json
from collections.abc import Callable

import pytest
import urllib3

from fcpin.emulator import Emulator, EmulatorError
from fcpin.emulator.remote import RemoteEmulator
from fcpin.emulator.verbs import NAMES, Verbs
from tests.emulator.clients import HOST, Functions


def test_every_public_method_is_a_verb() -> None:
    assert {name for name in vars(Verbs) if not name.startswith("_")} == set(NAMES)


def test_a_remote_emulator(cloud: Emulator, functions: Functions) -> None:
    remote = RemoteEmulator(cloud.url)
    old = remote.push("shop/app", "main", content="one")
    functions.create()
    remote.advance(60)
    assert remote.invoke("fn") == cloud.invoke("fn")
    new = remote.push("shop/app", "main", content="two", platforms=("linux/amd64",))
    assert remote.retag("shop/app", "main", to=old) == old
    assert remote.invoke("fn", cold=True).digest == old
    remote.lock("fn", by="ops", resources=["version"])
    assert remote.function("fn") == cloud.function("fn")
    remote.lock("fn")
    remote.retag("shop/app", "stable", to=new)
    remote.set_image("fn", f"{HOST}/shop/app:stable")
    assert [one["customContainerConfig"]["resolvedImageUri"] for one in remote.functions()] == [
        f"{HOST}/shop/app@{new}"
    ]
    remote.fail_update("fn", reason="too large")
    functions.update(timeout=9)
    remote.advance(60)
    assert remote.function("fn")["lastUpdateStatusReason"] == "too large"
    remote.after_next("GetFunction", "deactivate", {"function": "fn"})
    functions.get()
    assert remote.function("fn")["state"] == "Inactive"
    remote.fail_next("GetFunction", kind="reset")
    remote.clear_faults()
    assert functions.get()["functionName"] == "fn"
    assert remote.assume_role(60)["AccessKeyId"].startswith("STS.")
    assert remote.calls.count("CreateFunction") == 1
    remote.clear_calls()
    assert len(cloud.calls) == 0
    for name in ("instance_id", "enterprise_host", "token_certificate", "address", "access_key_id", "password"):
        assert getattr(remote, name) == getattr(cloud, name), name


MISTAKES: list[tuple[Callable[[Verbs], object], str]] = [
    (lambda cloud: cloud.invoke("none"), "function 'none' does not exist"),
    (lambda cloud: cloud.retag("shop/none", "main", to="x"), "repository shop/none does not exist"),
    (lambda cloud: cloud.delete_tag("shop/app", "none"), "tag none does not exist"),
    (lambda cloud: cloud.delete_manifest("shop/app", f"sha256:{'0' * 64}"), "manifest .* does not exist"),
    (lambda cloud: cloud.push("shop/app", "x", created="soon"), "'soon'"),
    (lambda cloud: cloud.configure("fn", {"timeout": 0}), "timeout 0"),
    (lambda cloud: cloud.set_image("fn", f"{HOST}/shop/app:none"), "image not found"),
    (lambda cloud: cloud.set_repository_type("shop/app", "OPEN"), "'OPEN'"),  # type: ignore[arg-type]
    (lambda cloud: cloud.push("shop/app", "a b"), "'a b' is not a valid tag"),
    (lambda cloud: cloud.after_next("GetFunction", "push", {}), "'repository'"),
    (lambda cloud: cloud.add_registry("a.example.com", "127.0.0.1"), "expected a URL"),
    (lambda cloud: cloud.set_tag_status("shop/app", "main", "OLD"), "'OLD'"),
]


def test_wrong_arguments(cloud: Emulator, functions: Functions) -> None:
    functions.create()
    for call, fact in MISTAKES:
        for where in (cloud, RemoteEmulator(cloud.url)):
            with pytest.raises(EmulatorError, match=fact):
                call(where)
    for url in ("127.0.0.1:9900", "https://127.0.0.1:9900", "http://127.0.0.1"):
        with pytest.raises(EmulatorError, match="expected a URL such as"):
            RemoteEmulator(url)
    with pytest.raises(EmulatorError, match=r"127\.0\.0\.1:1: no emulator responds"):
        RemoteEmulator("http://127.0.0.1:1").functions()


def test_requests_over_http(cloud: Emulator) -> None:
    pool = urllib3.PoolManager()
    url = f"{cloud.url}/_emulator"
    pushed = pool.request("POST", f"{url}/push", json={"repository": "shop/app", "tag": "main"})
    assert (pushed.status, pushed.json()["result"][:7]) == (200, "sha256:")
    unknown = pool.request("POST", f"{url}/explode", json={})
    assert (unknown.status, "'explode'" in unknown.json()["error"]) == (400, True)
    incomplete = pool.request("POST", f"{url}/push", json={"repository": "shop/app"})
    assert (incomplete.status, "'tag'" in incomplete.json()["error"]) == (400, True)
    form = pool.request("POST", f"{url}/push", body=b"{}", headers={"content-type": "text/plain"})
    assert (form.status, "application/json" in form.json()["error"]) == (400, True)
    assert pool.request("POST", f"{url}/push", json=[]).status == 400
    for method, path in (("GET", "/_emulator/push"), ("OPTIONS", "/v2/"), ("GET", "/favicon.ico")):
        answer = pool.request(method, f"{cloud.url}{path}")
        assert (answer.status, bool(answer.json())) == (405, True)
    pool.clear()
    connection = http.client.HTTPConnection(cloud.address, timeout=10)
    connection.putrequest("PUT", "/v2/shop/app/manifests/main")
    connection.putheader("content-length", str(1 << 40))
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())["Code"]) == (413, "EntityTooLarge"), "before it is sent"
    connection.close()


def test_push(cloud: Emulator) -> None:
    """Equal content has an equal digest; an immutable tag rejects another one."""
    digest = cloud.push("shop/app", "main", content="one")
    cloud.advance(3600)
    assert cloud.push("shop/web", "two", content="one") == digest
    assert cloud.push("shop/app", "four", content="one", created="2026-01-01T00:00:00Z") != digest
    cloud.set_tag_immutability("shop/app")
    with pytest.raises(EmulatorError, match=f"immutable and points at {digest}"):
        cloud.push("shop/app", "main", content="two")
    assert cloud.push("shop/app", "main", content="one") == digest
    cloud.set_tag_immutability("shop/app", immutable=False)
    assert cloud.push("shop/app", "main", content="two") != digest
