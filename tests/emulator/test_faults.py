"""Injected failures, as the SDKs and a plain client see them."""

import pytest
import urllib3
from alibabacloud_tea_openapi.exceptions import ServerException, ThrottlingException
from darabonba.exceptions import UnretryableException

from fcpin.emulator import Emulator, EmulatorError
from tests.emulator.clients import Acr, Functions, Registry, code


def test_failures_have_the_injected_code_and_change_nothing(functions: Functions) -> None:
    functions.cloud.fail_next("CreateFunction", status=500, code="InternalServerError", message="exceeded limit")
    with pytest.raises(ServerException, match="exceeded limit") as failed:
        functions.create()
    assert (failed.value.status_code, failed.value.code) == (500, "InternalServerError")
    assert (functions.cloud.functions(), functions.cloud.calls.count("CreateFunction")) == ([], 1)
    functions.create()
    functions.cloud.fail_next("GetFunction", status=409, code="ConcurrentUpdateError", times=2)
    functions.cloud.fail_next("GetFunction", status=403, code="AccessDenied")
    codes = [code(functions.get)[1] for _ in range(3)]
    assert codes == ["ConcurrentUpdateError", "ConcurrentUpdateError", "AccessDenied"]
    assert functions.get()["functionName"] == "fn"
    functions.cloud.fail_next("GetFunction", times=9)
    functions.cloud.clear_faults()
    assert functions.get()["functionName"] == "fn"
    with pytest.raises(EmulatorError, match=r"'explode'.*html-502"):
        functions.cloud.fail_next("GetFunction", kind="explode")  # type: ignore[arg-type]


def test_throttling_has_retry_after(functions: Functions) -> None:
    functions.create()
    functions.cloud.fail_next("GetFunction", status=429, code="Throttling.User", retry_after_ms=1500)
    with pytest.raises(ThrottlingException) as throttled:
        functions.get()
    assert (throttled.value.code, throttled.value.retry_after) == ("Throttling.User", 1500)


@pytest.mark.parametrize("kind", ["html-502", "empty", "reset"])
def test_failures_of_the_transport(functions: Functions, kind: str) -> None:
    functions.create()
    functions.cloud.fail_next("GetFunction", kind=kind)  # type: ignore[arg-type]
    with pytest.raises(UnretryableException):
        functions.get()
    assert functions.get()["functionName"] == "fn"


def test_a_reset_reaches_the_socket(cloud: Emulator) -> None:
    cloud.fail_next("GET tags/list", kind="reset")
    http = urllib3.PoolManager(retries=False)
    with pytest.raises(urllib3.exceptions.ProtocolError) as broken:
        http.request("GET", f"{cloud.url}/v2/shop/app/tags/list")
    http.clear()
    assert isinstance(broken.value.args[1], ConnectionResetError)


def test_a_slow_answer_is_the_right_one(cloud: Emulator, functions: Functions) -> None:
    functions.create()
    cloud.fail_next("GetFunction", kind="slow", seconds=0.02)
    assert functions.get()["functionName"] == "fn"
    cloud.fail_next("GET tags/list", kind="slow", seconds=5)
    http = urllib3.PoolManager(retries=False, timeout=0.02)
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        http.request("GET", f"{cloud.url}/v2/shop/app/tags/list")
    http.clear()


def test_acr_may_fail_with_http_200(cloud: Emulator) -> None:
    cloud.fail_next("ListInstance", kind="not-success", code="INSTANCE_STATUS_NOT_SUPPORT")
    body = Acr(cloud)("ListInstance")
    assert (body.is_success, body.code) == (False, "INSTANCE_STATUS_NOT_SUPPORT")


def test_the_registry_fails_in_its_own_shape(cloud: Emulator, registry: Registry) -> None:
    registry.login("repository:shop/app:pull")
    cloud.fail_next("GET tags/list", status=429, code="TOOMANYREQUESTS", message="slow down")
    answer = registry.request("GET", "/v2/shop/app/tags/list")
    assert answer.status == 429
    assert answer.json()["errors"][0]["code"] == "TOOMANYREQUESTS"
    cloud.fail_next("GET token", status=500, code="UNKNOWN")
    assert registry.login("repository:shop/app:pull").status == 500


def test_a_verb_after_a_call(cloud: Emulator, functions: Functions) -> None:
    functions.create_active()
    cloud.after_next("GetFunction", "configure", {"function": "fn", "settings": {"timeout": 99}})
    assert [functions.get()["timeout"] for _ in range(3)] == [3, 99, 99]
    with pytest.raises(EmulatorError, match="'explode'"):
        cloud.after_next("GetFunction", "explode", {})


def test_calls_are_recorded_in_order(cloud: Emulator, functions: Functions, registry: Registry) -> None:
    functions.create()
    functions.get()
    assert code(functions.get, "other") == (404, "FunctionNotFound")
    functions("ListFunctions")
    registry.login("repository:shop/app:pull")
    registry.request("GET", "/v2/shop/app/tags/list")
    registry.request("HEAD", "/v2/shop/app/manifests/main")
    assert [(call.action, call.target) for call in cloud.calls] == [
        ("CreateFunction", "fn"),
        ("GetFunction", "fn"),
        ("GetFunction", "other"),
        ("ListFunctions", ""),
        ("GET token", "repository:shop/app:pull"),
        ("GET tags/list", "shop/app"),
        ("HEAD manifest", "shop/app:main"),
    ]
    assert cloud.calls.count("GetFunction") == 2
    assert cloud.calls[0].time.tzinfo is not None
    cloud.calls.clear()
    assert len(cloud.calls) == 0
