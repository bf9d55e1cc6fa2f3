"""The verbs: in this process, over HTTP, and their errors."""

import http.client
import inspect
import json
from collections.abc import Callable

import pytest
import urllib3

from fcpin.emulator import Emulator, EmulatorError
from fcpin.emulator.remote import RemoteEmulator
from fcpin.emulator.verbs import NAMES, Verbs
from tests.emulator.clients import HOST, Functions


@pytest.mark.parametrize("name", NAMES)
def test_every_verb_is_the_same_from_another_process(name: str) -> None:
    assert inspect.signature(getattr(RemoteEmulator, name)) == inspect.signature(getattr(Verbs, name))


def test_every_public_method_is_a_verb() -> None:
    assert {name for name in vars(Verbs) if not name.startswith("_")} == set(NAMES)


def test_a_remote_emulator_does_what_a_local_one_does(cloud: Emulator, functions: Functions) -> None:
    remote = RemoteEmulator(cloud.url)
    old = remote.push("shop/app", "main", content="one")
    functions.create()
    remote.advance(60)
    assert remote.invoke("fn") == cloud.invoke("fn")
    new = remote.push("shop/app", "main", content="two")
    assert remote.retag("shop/app", "main", to=old) == old
    assert remote.invoke("fn", cold=True).digest == old
    remote.restrict("fn", reason="overdue")
    assert remote.invoke("fn").code == "FunctionDisabled"
    remote.restrict("fn")
    remote.lock("fn", by="ops", resources=["version"])
    assert remote.invoke("fn").status == 200
    remote.lock("fn")
    remote.retag("shop/app", "stable", to=new)
    remote.set_image("fn", f"{HOST}/shop/app:stable")
    assert remote.function("fn") == cloud.function("fn")
    assert [one["functionName"] for one in remote.functions()] == ["fn"]
    assert remote.function("fn")["customContainerConfig"]["resolvedImageUri"].endswith(new)
    assert remote.calls.count("CreateFunction") == 1
    remote.clear_calls()
    assert len(cloud.calls) == 0
    about = (remote.instance_id, remote.enterprise_host, remote.token_certificate)
    assert about == (cloud.instance_id, cloud.enterprise_host, cloud.token_certificate)
    assert remote.address == cloud.address
    assert (remote.access_key_id, remote.password) == (cloud.access_key_id, cloud.password)


def test_remote_faults_and_credentials(cloud: Emulator, functions: Functions) -> None:
    remote = RemoteEmulator(cloud.url)
    functions.create()
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


MISTAKES: list[tuple[str, Callable[[Verbs | RemoteEmulator], object], str]] = [
    ("an unknown function", lambda cloud: cloud.invoke("none"), "function 'none' does not exist"),
    ("an unknown repository", lambda cloud: cloud.retag("shop/none", "main", to="x"), "shop/none"),
    ("an unknown tag", lambda cloud: cloud.delete_tag("shop/app", "none"), "tag none does not exist"),
    (
        "a digest that is not there",
        lambda cloud: cloud.delete_manifest("shop/app", "sha256:" + "0" * 64),
        "manifest .* does not exist",
    ),
    ("a time that is none", lambda cloud: cloud.push("shop/app", "x", created="soon"), "'soon'"),
    ("settings that FC refuses", lambda cloud: cloud.configure("fn", {"timeout": 0}), "timeout 0"),
    ("an image that is not there", lambda cloud: cloud.set_image("fn", f"{HOST}/shop/app:none"), "image not found"),
    ("an unknown kind of repository", lambda cloud: cloud.set_repository_type("shop/app", "OPEN"), "'OPEN'"),  # type: ignore[arg-type]
    ("a tag that cannot be", lambda cloud: cloud.push("shop/app", "a b"), "'a b' is not a valid tag"),
    (
        "arguments that a later verb does not take",
        lambda cloud: cloud.after_next("GetFunction", "push", {}),
        "'repository'",
    ),
    ("a registry without a URL", lambda cloud: cloud.add_registry("a.example.com", "127.0.0.1"), "expected a URL"),
    ("an unknown status of a tag", lambda cloud: cloud.set_tag_status("shop/app", "main", "OLD"), "'OLD'"),
]


@pytest.mark.parametrize("place", ["here", "in another process"])
@pytest.mark.parametrize(("label", "deed", "fact"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_a_verb_with_wrong_arguments_is_refused(
    cloud: Emulator,
    functions: Functions,
    place: str,
    label: str,
    deed: Callable[[Verbs | RemoteEmulator], object],
    fact: str,
) -> None:
    functions.create()
    with pytest.raises(EmulatorError, match=fact):
        deed(cloud if place == "here" else RemoteEmulator(cloud.url))


def test_verbs_over_http_are_plain_json(cloud: Emulator) -> None:
    pool = urllib3.PoolManager()
    url = f"{cloud.url}/_emulator"
    pushed = pool.request("POST", f"{url}/push", json={"repository": "shop/app", "tag": "main"})
    assert (pushed.status, pushed.json()["result"][:7]) == (200, "sha256:")
    unknown = pool.request("POST", f"{url}/explode", json={})
    assert (unknown.status, "'explode'" in unknown.json()["error"]) == (400, True)
    lacking = pool.request("POST", f"{url}/push", json={"repository": "shop/app"})
    assert (lacking.status, "'tag'" in lacking.json()["error"]) == (400, True)
    form = pool.request("POST", f"{url}/push", body=b"{}", headers={"content-type": "text/plain"})
    assert (form.status, "application/json" in form.json()["error"]) == (400, True)
    assert pool.request("POST", f"{url}/push", json=[]).status == 400
    pool.clear()


def test_an_immutable_tag_is_not_pushed_again(cloud: Emulator) -> None:
    digest = cloud.push("shop/app", "main", content="one")
    cloud.set_tag_immutability("shop/app")
    with pytest.raises(EmulatorError, match=f"immutable and points at {digest}"):
        cloud.push("shop/app", "main", content="two")
    assert cloud.push("shop/app", "main", content="one") == digest
    cloud.set_tag_immutability("shop/app", immutable=False)
    assert cloud.push("shop/app", "main", content="two") != digest


def test_errors_outside_of_any_service_are_json_too(cloud: Emulator) -> None:
    pool = urllib3.PoolManager()
    for method, path, status in (
        ("GET", "/_emulator/push", 405),
        ("OPTIONS", "/v2/", 405),
        ("GET", "/favicon.ico", 405),
    ):
        answer = pool.request(method, f"{cloud.url}{path}")
        assert (answer.status, bool(answer.json())) == (status, True)
    pool.clear()


def test_a_body_that_is_too_large_is_not_even_read(cloud: Emulator) -> None:
    connection = http.client.HTTPConnection(cloud.address, timeout=10)
    connection.putrequest("PUT", "/v2/shop/app/manifests/main")
    connection.putheader("content-length", str(1 << 40))
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["Code"]) == (413, "EntityTooLarge")
    connection.close()


@pytest.mark.parametrize("url", ["127.0.0.1:9900", "https://127.0.0.1:9900", "http://127.0.0.1"])
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(EmulatorError, match="expected a URL such as"):
        RemoteEmulator(url)


def test_no_emulator_at_the_address() -> None:
    with pytest.raises(EmulatorError, match=r"127\.0\.0\.1:1: no emulator responds"):
        RemoteEmulator("http://127.0.0.1:1").functions()
