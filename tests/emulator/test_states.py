"""The state machine of a function, and the calls meanwhile."""

import io

import pytest
from alibabacloud_fc20230330 import models
from darabonba.runtime import RuntimeOptions

from fcpin.emulator import Emulator, Knobs
from tests.emulator.clients import HOST, Functions, code, resolved

SLOW = Knobs(create_seconds=120, update_seconds=60)
RELEASE_2 = f"{HOST}/shop/app:release-2"


@pytest.mark.parametrize("knobs", [SLOW])
def test_create_and_update(cloud: Emulator, functions: Functions) -> None:
    function = functions.create()
    assert (function["state"], function["stateReason"]) == ("Pending", "The function is being created.")
    assert "lastUpdateStatus" not in function
    assert (cloud.invoke("fn").status, "Pending" in cloud.invoke("fn").message) == (412, True)
    cloud.advance(119)
    assert functions.get()["state"] == "Pending"
    cloud.advance(1)
    function = functions.get()
    assert (function["state"], function["lastUpdateStatus"]) == ("Active", "Successful")

    old, new = resolved(function), cloud.push("shop/app", "release-2", content="two")
    function = functions.update_image(image=RELEASE_2)
    assert (function["state"], function["lastUpdateStatus"]) == ("Active", "InProgress")
    assert not {"lastUpdateStatusReasonCode", "lastUpdateStatusReason"} & set(function)
    assert (resolved(function), cloud.invoke("fn", cold=True).digest) == (new, old)
    cloud.advance(60)
    function = functions.get()
    assert function["lastUpdateStatus"] == "Successful"
    assert "lastUpdateStatusReasonCode" not in function
    assert cloud.invoke("fn").digest == new


def test_a_failed_update_leaves_the_former_image_in_effect_until_the_next_update(
    cloud: Emulator, functions: Functions
) -> None:
    old, new = resolved(functions.create_active()), cloud.push("shop/app", "release-2", content="two")
    cloud.fail_update("fn", reason_code="ImageOptimizingFailed", reason="the image is too large")
    assert functions.update_image(image=RELEASE_2)["lastUpdateStatus"] == "InProgress"
    cloud.advance(60)
    function = functions.get()
    assert (function["state"], function["lastUpdateStatus"]) == ("Active", "Failed")
    assert function["lastUpdateStatusReasonCode"] == "ImageOptimizingFailed"
    assert function["lastUpdateStatusReason"] == "the image is too large"
    assert cloud.invoke("fn", cold=True).digest == old
    functions.update_image(image=RELEASE_2)
    cloud.advance(60)
    assert (functions.get()["lastUpdateStatus"], cloud.invoke("fn").digest) == ("Successful", new)


def test_an_update_heals_a_failed_creation(cloud: Emulator, functions: Functions) -> None:
    cloud.fail_update("fn", reason_code="CreateFailed", reason="no such image")
    assert functions.create()["state"] == "Pending"
    cloud.advance(60)
    assert (functions.get()["state"], functions.get()["stateReason"]) == ("Failed", "no such image")
    assert cloud.invoke("fn").status == 412
    functions.update_image()
    cloud.advance(60)
    assert (functions.get()["state"], cloud.invoke("fn").status) == ("Active", 200)


def test_a_call_or_an_update_restores_an_inactive_function(cloud: Emulator, functions: Functions) -> None:
    functions.create_active()
    functions.update(timeout=9)
    cloud.deactivate("fn")
    assert (functions.get()["state"], functions.get()["lastUpdateStatus"]) == ("Inactive", "Successful")
    assert "Inactive" in cloud.invoke("fn").message
    assert functions.get()["state"] == "Pending"
    cloud.advance(60)
    assert (functions.get()["state"], cloud.invoke("fn").status) == ("Active", 200)
    cloud.deactivate("fn")
    functions.update_image()
    cloud.advance(60)
    assert functions.get()["state"] == "Active"


def test_a_change_in_the_console_takes_effect_at_once_and_is_not_an_api_call(
    cloud: Emulator, functions: Functions
) -> None:
    functions.create_active()
    digest = cloud.push("shop/app", "release-2", content="hot")
    cloud.set_image("fn", RELEASE_2)
    assert cloud.calls.count("UpdateFunction") == 0
    function = functions.get()
    assert (function["lastUpdateStatus"], resolved(function)) == ("Successful", digest)
    assert function["customContainerConfig"]["image"] == RELEASE_2


@pytest.mark.parametrize("knobs", [Knobs(concurrent_update="conflict"), Knobs()], ids=["conflict", "accepted"])
def test_an_update_during_an_update(functions: Functions, knobs: Knobs) -> None:
    functions.create_active()
    functions.update(timeout=10)
    if knobs.concurrent_update == "accepted":
        assert functions.update(timeout=20)["timeout"] == 20
    else:
        assert code(functions.update, timeout=20) == (409, "ConcurrentUpdateError")
        assert functions.get()["timeout"] == 10


def test_the_sdk_invokes(functions: Functions) -> None:
    digest = resolved(functions.create_active())
    answer = functions.sdk.invoke_function("fn", models.InvokeFunctionRequest(body=io.BytesIO(b"{}")))
    assert (answer.status_code, digest.encode() in answer.body.read()) == (200, True)
    request, headers = models.InvokeFunctionRequest(), models.InvokeFunctionHeaders(x_fc_invocation_type="Async")
    assert functions.sdk.invoke_function_with_options("fn", request, headers, RuntimeOptions()).status_code == 202
