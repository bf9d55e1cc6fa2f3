"""The state machine: what is Pending, in progress, Failed or Inactive, and what a call is answered meanwhile."""

import io

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_tea_openapi.exceptions import ClientException
from darabonba.runtime import RuntimeOptions

from fcpin.emulator import Emulator, Knobs
from tests.emulator.clients import HOST, Functions, resolved

SLOW = [Knobs(create_seconds=120, update_seconds=60)]


@pytest.mark.parametrize("knobs", SLOW)
def test_creation_goes_from_pending_to_active(cloud: Emulator, functions: Functions) -> None:
    function = functions.create()
    assert (function["state"], function["stateReason"]) == ("Pending", "The function is being created.")
    assert "lastUpdateStatus" not in function
    refused = cloud.invoke("fn")
    assert refused.status == 412
    assert "Pending" in refused.message
    cloud.advance(119)
    assert functions.get()["state"] == "Pending"
    cloud.advance(1)
    assert (functions.get()["state"], functions.get()["lastUpdateStatus"]) == ("Active", "Successful")
    assert cloud.invoke("fn").status == 200


@pytest.mark.parametrize("knobs", SLOW)
def test_an_update_is_in_progress_while_the_former_image_serves(cloud: Emulator, functions: Functions) -> None:
    old = resolved(functions.create_active())
    cloud.advance(60)
    new = cloud.push("shop/app", "release-2", content="two")
    function = functions.update_image(image=f"{HOST}/shop/app:release-2")
    assert (function["state"], function["lastUpdateStatus"]) == ("Active", "InProgress")
    assert not {"lastUpdateStatusReasonCode", "lastUpdateStatusReason"} & set(function)
    assert resolved(function) == new
    assert cloud.invoke("fn", cold=True).digest == old

    cloud.advance(60)
    function = functions.get()
    assert function["lastUpdateStatus"] == "Successful"
    assert "lastUpdateStatusReasonCode" not in function
    assert cloud.invoke("fn").digest == new


def test_a_failed_update_leaves_the_former_image_serving(cloud: Emulator, functions: Functions) -> None:
    old = resolved(functions.create_active())
    cloud.push("shop/app", "release-2", content="two")
    cloud.fail_update("fn", reason_code="ImageOptimizingFailed", reason="the image is too large")
    assert functions.update_image(image=f"{HOST}/shop/app:release-2")["lastUpdateStatus"] == "InProgress"
    cloud.advance(60)
    function = functions.get()
    assert (function["state"], function["lastUpdateStatus"]) == ("Active", "Failed")
    assert function["lastUpdateStatusReasonCode"] == "ImageOptimizingFailed"
    assert function["lastUpdateStatusReason"] == "the image is too large"
    assert cloud.invoke("fn", cold=True).digest == old


def test_the_update_after_a_failed_one_succeeds(cloud: Emulator, functions: Functions) -> None:
    functions.create_active()
    cloud.fail_update("fn")
    functions.update_image()
    cloud.advance(60)
    functions.update_image()
    cloud.advance(60)
    assert functions.get()["lastUpdateStatus"] == "Successful"


def test_a_failed_creation_is_healed_by_an_update(cloud: Emulator, functions: Functions) -> None:
    cloud.fail_update("fn", reason_code="CreateFailed", reason="no such image")
    assert functions.create()["state"] == "Pending"
    cloud.advance(60)
    assert (functions.get()["state"], functions.get()["stateReason"]) == ("Failed", "no such image")
    assert cloud.invoke("fn").status == 412
    functions.update_image()
    cloud.advance(60)
    assert (functions.get()["state"], cloud.invoke("fn").status) == ("Active", 200)


def test_an_inactive_function_refuses_one_call_and_wakes(cloud: Emulator, functions: Functions) -> None:
    functions.create_active()
    cloud.deactivate("fn")
    assert functions.get()["state"] == "Inactive"
    assert "Inactive" in cloud.invoke("fn").message
    assert functions.get()["state"] == "Pending"
    cloud.advance(60)
    assert (functions.get()["state"], cloud.invoke("fn").status) == ("Active", 200)


def test_a_function_does_not_fall_asleep_in_an_update(cloud: Emulator, functions: Functions) -> None:
    functions.create_active()
    functions.update(timeout=9)
    cloud.deactivate("fn")
    assert (functions.get()["state"], functions.get()["lastUpdateStatus"]) == ("Inactive", "Successful")


def test_an_update_wakes_an_inactive_function(cloud: Emulator, functions: Functions) -> None:
    functions.create_active()
    cloud.deactivate("fn")
    functions.update_image()
    cloud.advance(60)
    assert functions.get()["state"] == "Active"


def test_a_change_in_the_console_has_taken_effect_and_is_no_call(cloud: Emulator, functions: Functions) -> None:
    functions.create_active()
    digest = cloud.push("shop/app", "hotfix", content="hot")
    cloud.calls.clear()
    cloud.set_image("fn", f"{HOST}/shop/app:hotfix")
    assert cloud.calls.count("UpdateFunction") == 0
    function = functions.get()
    assert (function["lastUpdateStatus"], resolved(function)) == ("Successful", digest)
    assert function["customContainerConfig"]["image"] == f"{HOST}/shop/app:hotfix"


@pytest.mark.parametrize("knobs", [Knobs(concurrent_update="conflict"), Knobs()], ids=["conflict", "accepted"])
def test_an_update_during_an_update(cloud: Emulator, functions: Functions, knobs: Knobs) -> None:
    functions.create_active()
    functions.update(timeout=10)
    if knobs.concurrent_update == "accepted":
        assert functions.update(timeout=20)["timeout"] == 20
        return
    with pytest.raises(ClientException) as conflict:
        functions.update(timeout=20)
    assert (conflict.value.status_code, conflict.value.code) == (409, "ConcurrentUpdateError")
    assert functions.get()["timeout"] == 10


def test_the_sdk_invokes(cloud: Emulator, functions: Functions) -> None:
    digest = resolved(functions.create_active())
    request = models.InvokeFunctionRequest(body=io.BytesIO(b"{}"))
    answer = functions.sdk.invoke_function("fn", request)
    assert answer.status_code == 200
    assert digest.encode() in answer.body.read()
    asynchronous = models.InvokeFunctionHeaders(x_fc_invocation_type="Async")
    request = models.InvokeFunctionRequest(body=io.BytesIO(b""))
    answer = functions.sdk.invoke_function_with_options("fn", request, asynchronous, RuntimeOptions())
    assert answer.status_code == 202


def test_calls_go_to_the_version_or_alias_they_name(cloud: Emulator, functions: Functions) -> None:
    first = resolved(functions.create_active())
    functions.sdk.publish_function_version(
        "fn", models.PublishFunctionVersionRequest(body=models.PublishVersionInput())
    )
    second = cloud.push("shop/app", "release-2", content="two")
    functions.update_image(image=f"{HOST}/shop/app:release-2")
    cloud.advance(60)
    functions.sdk.publish_function_version(
        "fn", models.PublishFunctionVersionRequest(body=models.PublishVersionInput())
    )
    alias = models.CreateAliasInput(alias_name="prod", version_id="1", additional_version_weight={"2": 1.0})
    functions.sdk.create_alias("fn", models.CreateAliasRequest(body=alias))
    assert [cloud.invoke("fn", qualifier=one).digest for one in ("", "1", "2", "prod")] == [
        second,
        first,
        second,
        second,
    ]
    assert cloud.invoke("fn", qualifier="3").code == "VersionNotFound"
    assert cloud.invoke("fn", qualifier="beta").code == "AliasNotFound"
