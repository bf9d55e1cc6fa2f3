"""Images of functions: the resolved digest, tags that move, and the knobs about both."""

from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException

from fcpin.emulator import Emulator, Knobs
from tests.emulator.clients import HOST, IMAGE, Functions, code, resolved

CONTAINER = "customContainerConfig"
OTHER = f"{HOST}/shop/app:other"
GONE = "Failed to pull image. failed to create container due to resolved image uri deleted"


def test_a_moved_tag_fails_new_instances_until_the_function_is_updated(cloud: Emulator, functions: Functions) -> None:
    old = resolved(functions.create_active())
    assert cloud.invoke("fn").digest == old
    new = cloud.push("shop/app", "main", content="two")
    assert cloud.invoke("fn").digest == old, "a running instance keeps its image"
    cloud.advance(299)
    assert cloud.invoke("fn").status == 200, "it was idle for less than 300 s"
    cloud.advance(301)
    failed = cloud.invoke("fn")
    assert (failed.status, failed.code, failed.message) == (400, "PullImageFailed", GONE)
    function = functions.get()
    assert (function["state"], function["stateReasonCode"]) == ("Failed", "PullImageFailed")
    assert resolved(function) == old
    assert code(functions, "InvokeFunction", "fn") == (400, "PullImageFailed")
    cloud.retag("shop/app", "main", to=old)
    assert cloud.invoke("fn", cold=True).code == "PullImageFailed", "a Failed function needs an update"
    cloud.retag("shop/app", "main", to=new)
    functions.update_image()
    cloud.advance(60)
    assert (functions.get()["state"], resolved(functions.get())) == ("Active", new)
    assert cloud.invoke("fn", cold=True).digest == new


MOVES: list[tuple[str, list[tuple[str, dict[str, str]]], bool]] = [
    ("the tag points at another digest", [("push", {"tag": "main", "content": "two"})], True),
    ("the tag is deleted", [("delete_tag", {"tag": "main"})], True),
    ("the manifest is deleted", [("delete_manifest", {"reference": "main"})], True),
    ("the same image is pushed again", [("push", {"tag": "main", "content": "one"})], False),
    ("another tag moves", [("push", {"tag": "other", "content": "two"})], False),
    (
        "the tag moves and moves back",
        [("push", {"tag": "main", "content": "two"}), ("push", {"tag": "main", "content": "one"})],
        False,
    ),
]


@pytest.mark.parametrize(("label", "verbs", "fails"), MOVES, ids=[row[0] for row in MOVES])
def test_what_fails_a_new_instance(
    cloud: Emulator, functions: Functions, label: str, verbs: list[tuple[str, dict[str, str]]], fails: bool
) -> None:
    functions.create_active()
    for name, arguments in verbs:
        getattr(cloud, name)("shop/app", **arguments)
    assert cloud.invoke("fn", cold=True).code == ("PullImageFailed" if fails else "")


@pytest.mark.parametrize("knobs", [Knobs(mark_failed=False)])
def test_a_failed_pull_may_not_change_the_state(cloud: Emulator, functions: Functions) -> None:
    old = resolved(functions.create_active())
    cloud.push("shop/app", "main", content="two")
    assert cloud.invoke("fn", cold=True).code == "PullImageFailed"
    assert functions.get()["state"] == "Active"
    cloud.retag("shop/app", "main", to=old)
    assert cloud.invoke("fn", cold=True).digest == old


UPDATES: list[tuple[str, Knobs, dict[str, Any], str]] = [
    ("the same image is resolved again", Knobs(), {CONTAINER: {"image": IMAGE}}, "new"),
    ("the same image keeps its digest", Knobs(same_image_update="keep"), {CONTAINER: {"image": IMAGE}}, "old"),
    ("another image is always resolved", Knobs(same_image_update="keep"), {CONTAINER: {"image": OTHER}}, "new"),
    ("an update without image keeps the digest", Knobs(), {"timeout": 9}, "old"),
    ("an update without image resolves again", Knobs(other_update="re-resolve"), {"timeout": 9}, "new"),
    ("a container without image keeps the digest", Knobs(), {CONTAINER: {"port": 80}}, "old"),
]


@pytest.mark.parametrize(("label", "knobs", "request_", "expected"), UPDATES, ids=[row[0] for row in UPDATES])
def test_which_updates_resolve_the_tag_again(
    cloud: Emulator, functions: Functions, label: str, request_: dict[str, Any], expected: str
) -> None:
    old = resolved(functions.create_active())
    new = cloud.push("shop/app", "main", content="two")
    cloud.push("shop/app", "other", content="two")
    assert resolved(functions.update(**request_)) == {"old": old, "new": new}[expected]


@pytest.mark.parametrize("knobs", [Knobs(same_image_update="error")])
def test_the_same_image_may_be_rejected(functions: Functions) -> None:
    functions.create_active()
    with pytest.raises(ClientException, match="is already the image") as failed:
        functions.update_image()
    assert failed.value.code == "InvalidArgument"
    assert functions.update(timeout=9)["timeout"] == 9


@pytest.mark.parametrize("knobs", [Knobs(update_merge="replace")])
def test_an_update_may_replace_the_container(functions: Functions) -> None:
    functions.create_active(container={"command": ["serve"], "port": 8080}, description="kept")
    function = functions.update_image()
    assert not {"command", "port"} & function[CONTAINER].keys()
    assert function["description"] == "kept"
    with pytest.raises(ClientException, match="image is required"):
        functions.update(customContainerConfig={"port": 80})


@pytest.mark.parametrize(
    ("knobs", "threshold"), [(Knobs(), None), (Knobs(nested_merge="merge"), 7)], ids=["replace", "merge"]
)
def test_objects_in_the_container_may_be_merged(functions: Functions, threshold: int | None) -> None:
    check = {"periodSeconds": 9, "failureThreshold": 7}
    functions.create_active(container={"healthCheckConfig": check, "command": ["serve"]})
    container = functions.update(customContainerConfig={"image": IMAGE, "healthCheckConfig": {"periodSeconds": 5}})
    health = container[CONTAINER]["healthCheckConfig"]
    assert (health["periodSeconds"], health.get("failureThreshold")) == (5, threshold)
    assert container[CONTAINER]["command"] == ["serve"]
    cleared = functions.update(customContainerConfig={"image": IMAGE, "healthCheckConfig": {}})
    assert not cleared[CONTAINER].get("healthCheckConfig")


def test_resolvedimageuri_is_ignored_in_a_request(cloud: Emulator, functions: Functions) -> None:
    old = resolved(functions.create_active())
    new = cloud.push("shop/app", "main", content="two")
    request = {"image": IMAGE, "resolvedImageUri": f"{HOST}/shop/app@{old}"}
    assert resolved(functions.update(customContainerConfig=request)) == new


@pytest.mark.parametrize("knobs", [Knobs(), Knobs(digest_input="accepted")], ids=["rejected", "accepted"])
def test_an_image_by_digest(cloud: Emulator, functions: Functions, knobs: Knobs) -> None:
    digest = cloud.push("shop/app", "main", content="one")
    for name, tag in (("a", ""), ("b", ":main")):
        image = f"{HOST}/shop/app{tag}@{digest}"
        if knobs.digest_input == "rejected":
            with pytest.raises(ClientException, match="a digest is not supported"):
                functions.create(name, image)
        else:
            assert resolved(functions.create_active(name, image)) == digest
            cloud.push("shop/app", "main", content="two")
            assert cloud.invoke(name, cold=True).digest == digest


@pytest.mark.parametrize("knobs", [Knobs(), Knobs(resolved_digest="child")], ids=["index", "child"])
def test_the_digest_of_a_multi_platform_image(cloud: Emulator, functions: Functions, knobs: Knobs) -> None:
    child = cloud.push("shop/app", "plain", content="many")
    index = cloud.push("shop/app", "other", content="many", platforms=("linux/arm64", "linux/amd64"))
    assert child != index
    assert resolved(functions.create_active(image=OTHER)) == (child if knobs.resolved_digest == "child" else index)
    assert cloud.invoke("fn", cold=True).status == 200
    cloud.push("shop/app", "other", content="more", platforms=("linux/arm64", "linux/amd64"))
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
    if fact:
        with pytest.raises(ClientException, match=rf"invalid image, .*{fact}") as failed:
            functions.create(image=OTHER)
        assert failed.value.code == "InvalidArgument"
    else:
        assert functions.create(image=OTHER)[CONTAINER]["image"] == OTHER


def test_a_missing_image_is_rejected(functions: Functions) -> None:
    functions.create_active()
    for image in (f"{HOST}/shop/app:none", f"{HOST}/shop/none:main"):
        with pytest.raises(ClientException, match="image not found") as failed:
            functions.create("other", image)
        assert failed.value.status_code == 400
        with pytest.raises(ClientException, match="image not found"):
            functions.update_image(image=image)
    assert functions.get()[CONTAINER]["image"] == IMAGE


@pytest.mark.parametrize("knobs", [Knobs(missing_image="async")])
def test_a_missing_image_may_fail_later(cloud: Emulator, functions: Functions) -> None:
    old = resolved(functions.create_active())
    functions.create("second", OTHER)
    functions.update_image(image=OTHER)
    cloud.advance(60)
    assert (functions.get("second")["state"], functions.get()["lastUpdateStatus"]) == ("Failed", "Failed")
    assert "image not found" in functions.get()["lastUpdateStatusReason"]
    assert cloud.invoke("fn", cold=True).digest == old
    cloud.push("shop/app", "other", content="late")
    functions.update_image("second", OTHER)
    cloud.advance(60)
    assert cloud.invoke("second").status == 200


@pytest.mark.parametrize("knobs", [Knobs(), Knobs(masked_login_input="ignored")], ids=["stored", "ignored"])
def test_a_registry_login(cloud: Emulator, functions: Functions, knobs: Knobs) -> None:
    login = {"authConfig": {"userName": cloud.username, "password": "wrong"}}
    with pytest.raises(ClientException, match="unauthorized"):
        functions.create(container={"registryConfig": login})
    login["authConfig"]["password"] = cloud.password
    shown = functions.create_active(container={"registryConfig": login})[CONTAINER]
    assert cloud.password not in str(shown)
    assert shown["registryConfig"]["authConfig"]["userName"] == cloud.username
    if knobs.masked_login_input == "ignored":
        assert functions.update(customContainerConfig=shown)["lastUpdateStatus"] == "InProgress"
    else:
        with pytest.raises(ClientException, match="unauthorized"):
            functions.update(customContainerConfig=shown)
