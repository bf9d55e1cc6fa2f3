"""What Function Compute makes of images: the digest it notes, the tag that moves, and every open question about both."""

from typing import Any

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_tea_openapi.exceptions import ClientException

from fcpin.emulator import Emulator, Knobs
from tests.emulator.clients import HOST, IMAGE, Functions, resolved

GONE = "Failed to pull image. failed to create container due to resolved image uri deleted"


def test_a_moved_tag_breaks_new_instances_until_the_function_is_updated(cloud: Emulator, functions: Functions) -> None:
    old = resolved(functions.create_active())
    assert cloud.invoke("fn").digest == old
    new = cloud.push("shop/app", "main", content="two")

    assert cloud.invoke("fn").digest == old, "a running instance keeps serving"
    broken = cloud.invoke("fn", cold=True)
    assert (broken.status, broken.code, broken.message) == (400, "PullImageFailed", GONE)
    assert resolved(functions.get()) == old

    functions.update_image()
    cloud.advance(60)
    assert resolved(functions.get()) == new
    assert cloud.invoke("fn", cold=True).digest == new


def test_the_outage_comes_when_the_last_instance_has_been_idle_for_too_long(
    cloud: Emulator, functions: Functions
) -> None:
    functions.create_active()
    cloud.invoke("fn")
    cloud.push("shop/app", "main", content="two")
    cloud.advance(299)
    assert cloud.invoke("fn").status == 200
    cloud.advance(301)
    assert cloud.invoke("fn").code == "PullImageFailed"


def test_the_error_of_a_call_reaches_the_sdk(cloud: Emulator, functions: Functions) -> None:
    functions.create_active()
    cloud.push("shop/app", "main", content="two")
    with pytest.raises(ClientException) as broken:
        functions.sdk.invoke_function("fn", models.InvokeFunctionRequest())
    assert (broken.value.status_code, broken.value.code) == (400, "PullImageFailed")
    assert GONE in broken.value.message


MOVES: list[tuple[str, str, bool]] = [
    ("the tag points elsewhere", "push", True),
    ("the tag is gone", "delete_tag", True),
    ("the manifest is gone", "delete_manifest", True),
    ("the same image is pushed again", "push again", False),
    ("another tag moves", "push another", False),
]


@pytest.mark.parametrize(("label", "deed", "breaks"), MOVES, ids=[row[0] for row in MOVES])
def test_what_breaks_a_cold_start(cloud: Emulator, functions: Functions, label: str, deed: str, breaks: bool) -> None:
    functions.create_active()
    match deed:
        case "push":
            cloud.push("shop/app", "main", content="two")
        case "push again":
            cloud.push("shop/app", "main", content="one")
        case "push another":
            cloud.push("shop/app", "release-2", content="two")
        case "delete_tag":
            cloud.delete_tag("shop/app", "main")
        case "delete_manifest":
            cloud.delete_manifest("shop/app", "main")
    assert cloud.invoke("fn", cold=True).code == ("PullImageFailed" if breaks else "")


def test_a_tag_that_moves_back_heals(cloud: Emulator, functions: Functions) -> None:
    old = resolved(functions.create_active())
    cloud.push("shop/app", "main", content="two")
    cloud.retag("shop/app", "main", to=old)
    assert cloud.invoke("fn", cold=True).digest == old


@pytest.mark.parametrize("knobs", [Knobs(mark_failed=False)])
def test_a_failed_pull_may_leave_the_state_alone(cloud: Emulator, functions: Functions) -> None:
    old = resolved(functions.create_active())
    cloud.push("shop/app", "main", content="two")
    assert cloud.invoke("fn", cold=True).code == "PullImageFailed"
    assert functions.get()["state"] == "Active"
    cloud.retag("shop/app", "main", to=old)
    assert cloud.invoke("fn", cold=True).digest == old


def test_a_function_that_a_failed_pull_has_failed_stays_so_until_it_is_updated(
    cloud: Emulator, functions: Functions
) -> None:
    old = resolved(functions.create_active())
    cloud.push("shop/app", "main", content="two")
    cloud.invoke("fn", cold=True)
    cloud.retag("shop/app", "main", to=old)
    assert cloud.invoke("fn", cold=True).code == "PullImageFailed"
    functions.update_image()
    cloud.advance(60)
    assert cloud.invoke("fn", cold=True).digest == old


def test_a_failed_pull_fails_the_function(cloud: Emulator, functions: Functions) -> None:
    functions.create_active()
    cloud.invoke("fn")
    cloud.push("shop/app", "main", content="two")
    cloud.invoke("fn", cold=True)
    assert (functions.get()["state"], functions.get()["stateReasonCode"]) == ("Failed", "PullImageFailed")
    assert cloud.invoke("fn").code == "PullImageFailed"
    functions.update_image()
    cloud.advance(60)
    assert (functions.get()["state"], cloud.invoke("fn").status) == ("Active", 200)


UPDATES: list[tuple[str, Knobs, dict[str, Any], str]] = [
    ("the same image is resolved again", Knobs(), {"customContainerConfig": {"image": IMAGE}}, "new"),
    (
        "the same image keeps its digest",
        Knobs(same_image_update="keep"),
        {"customContainerConfig": {"image": IMAGE}},
        "old",
    ),
    (
        "another image is always resolved",
        Knobs(same_image_update="keep"),
        {"customContainerConfig": {"image": f"{HOST}/shop/app:other"}},
        "new",
    ),
    ("an update without image keeps the digest", Knobs(), {"timeout": 9}, "old"),
    ("an update without image resolves again", Knobs(other_update="re-resolve"), {"timeout": 9}, "new"),
    ("a container without image keeps the digest", Knobs(), {"customContainerConfig": {"port": 80}}, "old"),
]


@pytest.mark.parametrize(("label", "knobs", "request_", "expected"), UPDATES, ids=[row[0] for row in UPDATES])
def test_which_updates_read_the_tag_again(
    cloud: Emulator, functions: Functions, label: str, request_: dict[str, Any], expected: str
) -> None:
    old = resolved(functions.create_active())
    new = cloud.push("shop/app", "main", content="two")
    cloud.push("shop/app", "other", content="two")
    assert resolved(functions.update(**request_)) == {"old": old, "new": new}[expected]


@pytest.mark.parametrize("knobs", [Knobs(same_image_update="error")])
def test_the_same_image_may_be_refused(functions: Functions) -> None:
    functions.create_active()
    with pytest.raises(ClientException, match="is already the image") as refused:
        functions.update_image()
    assert refused.value.code == "InvalidArgument"
    assert functions.update(timeout=9)["timeout"] == 9


@pytest.mark.parametrize("knobs", [Knobs(update_merge="replace")])
def test_customcontainerconfig_may_be_replaced_whole(functions: Functions) -> None:
    functions.create_active(container={"command": ["serve"], "port": 8080}, description="kept")
    function = functions.update_image()
    assert "command" not in function["customContainerConfig"]
    assert "port" not in function["customContainerConfig"]
    assert function["description"] == "kept"
    with pytest.raises(ClientException, match="image is required"):
        functions.update(customContainerConfig={"port": 80})


NESTED = [("replace", None), ("merge", 7)]


@pytest.mark.parametrize(
    ("knobs", "threshold"), [(Knobs(nested_merge=position), kept) for position, kept in NESTED],  # type: ignore[arg-type]
    ids=[position for position, _ in NESTED],
)  # fmt: skip
def test_objects_inside_it_may_be_merged_too(functions: Functions, threshold: int | None) -> None:
    check = {"periodSeconds": 9, "failureThreshold": 7}
    functions.create_active(container={"healthCheckConfig": check, "command": ["serve"]})
    container = functions.update(customContainerConfig={"image": IMAGE, "healthCheckConfig": {"periodSeconds": 5}})
    health = container["customContainerConfig"]["healthCheckConfig"]
    assert (health["periodSeconds"], health.get("failureThreshold")) == (5, threshold)
    assert container["customContainerConfig"]["command"] == ["serve"]
    cleared = functions.update(customContainerConfig={"image": IMAGE, "healthCheckConfig": {}})
    assert not cleared["customContainerConfig"].get("healthCheckConfig")


def test_resolvedimageuri_is_no_input(cloud: Emulator, functions: Functions) -> None:
    old = resolved(functions.create_active())
    new = cloud.push("shop/app", "main", content="two")
    request = {"image": IMAGE, "resolvedImageUri": f"{HOST}/shop/app@{old}"}
    assert resolved(functions.update(customContainerConfig=request)) == new


@pytest.mark.parametrize("knobs", [Knobs(), Knobs(digest_input="accepted")], ids=["rejected", "accepted"])
@pytest.mark.parametrize("tag", ["", ":main"])
def test_an_image_given_by_digest(cloud: Emulator, functions: Functions, knobs: Knobs, tag: str) -> None:
    digest = cloud.push("shop/app", "main", content="one")
    image = f"{HOST}/shop/app{tag}@{digest}"
    if knobs.digest_input == "rejected":
        with pytest.raises(ClientException, match="a digest is not supported"):
            functions.create(image=image)
        return
    assert resolved(functions.create_active(image=image)) == digest
    cloud.push("shop/app", "main", content="two")
    assert cloud.invoke("fn", cold=True).digest == digest


@pytest.mark.parametrize("knobs", [Knobs(), Knobs(resolved_digest="child")], ids=["index", "child"])
def test_the_digest_of_a_multi_platform_image(cloud: Emulator, functions: Functions, knobs: Knobs) -> None:
    child = cloud.push("shop/app", "plain", content="many")
    index = cloud.push("shop/app", "many", content="many", platforms=("linux/arm64", "linux/amd64"))
    assert child != index
    function = functions.create_active(image=f"{HOST}/shop/app:many")
    assert resolved(function) == (child if knobs.resolved_digest == "child" else index)
    assert cloud.invoke("fn", cold=True).status == 200
    cloud.push("shop/app", "many", content="more", platforms=("linux/arm64", "linux/amd64"))
    assert cloud.invoke("fn", cold=True).code == "PullImageFailed"


PLATFORMS: list[tuple[str, tuple[str, ...], bool, str]] = [
    ("an image for another architecture", ("linux/arm64",), False, "platform of image is linux/arm64"),
    ("an index without linux/amd64", ("linux/arm64", "windows/amd64"), True, "platform of image is linux/arm64"),
    ("an index with attestations", ("linux/amd64", "unknown/unknown"), True, "is unknown/unknown"),
    ("an index of one", ("linux/amd64",), True, ""),
]


@pytest.mark.parametrize(("label", "platforms", "index", "fact"), PLATFORMS, ids=[row[0] for row in PLATFORMS])
def test_images_run_on_linux_amd64(
    cloud: Emulator, functions: Functions, label: str, platforms: tuple[str, ...], index: bool, fact: str
) -> None:
    cloud.push("shop/app", "other", content="x", platforms=platforms, index=index)
    image = f"{HOST}/shop/app:other"
    if not fact:
        assert functions.create(image=image)["customContainerConfig"]["image"] == image
        return
    with pytest.raises(ClientException, match=fact) as refused:
        functions.create(image=image)
    assert (refused.value.code, "invalid image" in refused.value.message) == ("InvalidArgument", True)


@pytest.mark.parametrize("image", [f"{HOST}/shop/app:none", f"{HOST}/shop/none:main"])
def test_a_missing_image_is_refused_at_once(functions: Functions, image: str) -> None:
    functions.create_active()
    with pytest.raises(ClientException, match="image not found") as missing:
        functions.create("other", image)
    assert missing.value.status_code == 400
    with pytest.raises(ClientException, match="image not found"):
        functions.update_image(image=image)
    assert functions.get()["customContainerConfig"]["image"] == IMAGE


@pytest.mark.parametrize("knobs", [Knobs(missing_image="async")])
def test_a_missing_image_may_fail_later(cloud: Emulator, functions: Functions) -> None:
    old = resolved(functions.create_active())
    image = f"{HOST}/shop/app:none"
    functions.create("other", image)
    functions.update_image(image=image)
    cloud.advance(60)
    assert (functions.get("other")["state"], functions.get()["lastUpdateStatus"]) == ("Failed", "Failed")
    assert "image not found" in functions.get()["lastUpdateStatusReason"]
    assert cloud.invoke("fn", cold=True).digest == old

    cloud.push("shop/app", "none", content="late")
    functions.update_image("other", image)
    cloud.advance(60)
    assert cloud.invoke("other").status == 200


@pytest.mark.parametrize("knobs", [Knobs(), Knobs(masked_login_input="ignored")], ids=["stored", "ignored"])
def test_a_registry_password_is_shown_masked(cloud: Emulator, functions: Functions, knobs: Knobs) -> None:
    login = {"authConfig": {"userName": cloud.username, "password": cloud.password}}
    shown = functions.create_active(container={"registryConfig": login})["customContainerConfig"]
    assert cloud.password not in str(shown)
    assert shown["registryConfig"]["authConfig"]["userName"] == cloud.username
    if knobs.masked_login_input == "ignored":
        assert functions.update(customContainerConfig=shown)["lastUpdateStatus"] == "InProgress"
        return
    with pytest.raises(ClientException, match="unauthorized"):
        functions.update(customContainerConfig=shown)


def test_a_wrong_registry_password_cannot_pull(cloud: Emulator, functions: Functions) -> None:
    login = {"authConfig": {"userName": cloud.username, "password": "wrong"}}
    with pytest.raises(ClientException, match="unauthorized"):
        functions.create(container={"registryConfig": login})


def test_a_function_is_published_again_when_nothing_changed(functions: Functions) -> None:
    def publish() -> str:
        request = models.PublishFunctionVersionRequest(body=models.PublishVersionInput())
        return str(functions.sdk.publish_function_version("fn", request).body.version_id)

    functions.create_active()
    assert [publish(), publish()] == ["1", "2"]
    functions.sdk.delete_function_version("fn", "2")
    assert publish() == "3", "a number is never used again"
