"""Protected functions, run by run: what FC gets, what is refused, and that no pin tag is removed."""

from typing import Any

import pytest

from fcpin.emulator import Emulator
from fcpin.image import parse_digest, pin_tag, short
from fcpin.pinned_function.provider import ProviderError
from tests.support.plugin import CONFIG, PATH, Plugin

PERSONAL = f"registry-vpc.cn-hangzhou.aliyuncs.com/{PATH}"
YEAR = 365 * 86400


@pytest.fixture(params=["enterprise", "personal"])
def wanted(request: pytest.FixtureRequest, cloud: Emulator) -> dict[str, Any]:
    """A protected function, its repository in either edition of ACR."""
    repository = PERSONAL if request.param == "personal" else f"{cloud.enterprise_host}/{PATH}"
    order = {"semver": {"range": "*"}}
    return {"repository": repository, "policy": order, "config": CONFIG, "protect": "pin_tag"}


@pytest.fixture
def enterprise(cloud: Emulator) -> dict[str, Any]:
    repository = f"{cloud.enterprise_host}/{PATH}"
    order = {"family": {"name": "main"}}
    return {"repository": repository, "policy": order, "config": CONFIG, "protect": "pin_tag"}


def pin(digest: str) -> str:
    return pin_tag(parse_digest(digest))


def runs(cloud: Emulator) -> str:
    """Tag and digest that the function runs, as a cold start proves."""
    image = cloud.function("checkout")["customContainerConfig"]["image"]
    called = cloud.invoke("checkout", cold=True)
    return f"{image.rpartition(':')[2]}@{called.digest or called.code}"


def test_a_function_runs_by_pin_tags_and_the_family_s_tag_stays_the_measure(
    cloud: Emulator, plugin: Plugin, wanted: dict[str, Any]
) -> None:
    digest = cloud.push(PATH, "1.0.0", platforms=("linux/amd64", "linux/arm64"), index=True)
    assert plugin.preview(**wanted)["image"] == f"{wanted['repository']}:{pin(digest)}"
    assert list(cloud.tags(PATH)) == ["1.0.0"]
    outputs = plugin.up(**wanted)
    assert (outputs["tag"], outputs["digest"]) == ("1.0.0", digest)
    assert outputs["image"] == f"{wanted['repository']}:{pin(digest)}"
    assert cloud.tags(PATH)[pin(digest)] == digest, "an index is pinned whole"
    assert not plugin.changes(**wanted)
    assert not plugin.refresh()
    assert not plugin.changes(**wanted)
    cloud.push(PATH, "1.0.0", content="moved")
    assert runs(cloud) == f"{pin(digest)}@{digest}"
    digest = cloud.push(PATH, "1.1.0")
    plugin.up(**wanted)
    assert runs(cloud) == f"{pin(digest)}@{digest}"
    cloud.delete_tag(PATH, "1.1.0")
    assert plugin.preview(**wanted)["tag"] == "1.1.0", "kept: 1.0.0 would be a step back"


def test_a_conversion_is_pinned_by_its_own_digest(cloud: Emulator, plugin: Plugin, enterprise: dict[str, Any]) -> None:
    cloud.push(PATH, "main-1")
    digest = cloud.push(PATH, "main-1_accelerated")
    outputs = plugin.up(**enterprise, accelerated="prefer")
    assert outputs["tag"] == "main-1_accelerated"
    assert runs(cloud) == f"{pin(digest)}@{digest}"


def test_a_repository_of_immutable_tags_takes_pin_tags(
    cloud: Emulator, plugin: Plugin, enterprise: dict[str, Any]
) -> None:
    digest = cloud.push(PATH, "main-1")
    cloud.set_tag_immutability(PATH)
    plugin.up(**enterprise)
    plugin.up(**enterprise, hold={"tag": "main-1", "until": "2027-01-01T00:00:00Z"})
    assert runs(cloud) == f"{pin(digest)}@{digest}"


@pytest.mark.parametrize(
    ("action", "code"), [("CreateRepoTag", "NoPrivilege"), ("PUT manifest", "DENIED")], ids=["ACR's API", "OCI"]
)
def test_who_may_not_push_is_reported_in_one_line_and_nothing_is_changed(
    cloud: Emulator, plugin: Plugin, enterprise: dict[str, Any], action: str, code: str
) -> None:
    digest = cloud.push(PATH, "main-1")
    plain = {**enterprise, "protect": "none"}
    if action != "CreateRepoTag":
        plain["repository"] = PERSONAL
    plugin.up(**plain)
    cloud.fail_next(action, status=403, code=code, times=2)
    cloud.calls.clear()
    with pytest.raises(ProviderError, match=f"protect.*{pin(digest)}.*nothing was deployed") as denied:
        plugin.up(**{**plain, "protect": "pin_tag"})
    assert "\n" not in str(denied.value)
    assert cloud.calls.count("UpdateFunction") == 0


def test_a_pin_tag_that_another_tool_moved_is_an_error(
    cloud: Emulator, plugin: Plugin, enterprise: dict[str, Any]
) -> None:
    digest = cloud.push(PATH, "main-1")
    cloud.push(PATH, pin(digest), content="not ours")
    with pytest.raises(ProviderError, match=f"{pin(digest)} points at .*expected {short(digest)}"):
        plugin.up(**enterprise)
    assert cloud.functions() == []


# read by check, then the pin tag is looked for
@pytest.mark.parametrize("reads", [0, 2], ids=["since the preview", "while the pin tag is made"])
def test_a_tag_that_moved_is_not_deployed_unseen_and_leaves_no_wrong_pin_tag_behind(
    cloud: Emulator, plugin: Plugin, enterprise: dict[str, Any], reads: int
) -> None:
    cloud.push(PATH, "main-1")
    for _ in range(reads):
        cloud.after_next("GetRepoTag", "tags", {"repository": PATH})
    cloud.after_next("GetRepoTag", "push", {"repository": PATH, "tag": "main-1", "content": "other"})
    with pytest.raises(ProviderError, match=r"main-1 moved from .*nothing was deployed"):
        plugin.up(**enterprise)
    assert list(cloud.tags(PATH)) == ["main-1"]


def test_a_pin_that_is_kept_is_protected_while_its_tag_is_there(
    cloud: Emulator, plugin: Plugin, enterprise: dict[str, Any]
) -> None:
    digest = cloud.push(PATH, "main-1")
    plugin.up(**{**enterprise, "protect": "none"})
    assert plugin.preview(**{**enterprise, "suspend": True})["image"].endswith(":main-1")
    kept = {**enterprise, "policy": {"family": {"name": "other"}}, "on_empty": "keep"}
    other = cloud.push(PATH, "main-1", content="other")
    assert other != digest
    assert plugin.preview(**kept)["image"].endswith(":main-1"), "its tag was moved"
    cloud.retag(PATH, "main-1", to=digest)
    plugin.up(**kept)
    assert runs(cloud) == f"{pin(digest)}@{digest}"


def test_an_update_that_failed_keeps_the_family_s_tag_in_sight(
    cloud: Emulator, plugin: Plugin, enterprise: dict[str, Any]
) -> None:
    cloud.push(PATH, "main-1")
    plugin.up(**enterprise)
    digest = cloud.push(PATH, "main-2")
    cloud.fail_update("checkout")
    with pytest.raises(ProviderError, match="ImageOptimizingFailed"):
        plugin.up(**enterprise)
    assert plugin.refresh()
    assert plugin.inputs["tag"] == "main-1"
    plugin.up(**enterprise)
    assert runs(cloud) == f"{pin(digest)}@{digest}"


def test_a_pin_tag_that_is_gone_is_drift_and_is_put_back(
    cloud: Emulator, plugin: Plugin, enterprise: dict[str, Any]
) -> None:
    digest = cloud.push(PATH, "main-1")
    plugin.up(**enterprise)
    cloud.delete_tag(PATH, pin(digest))
    assert runs(cloud).endswith("PullImageFailed")
    plugin.refresh()
    assert plugin.inputs["drift"].startswith("deleted-tag")
    plugin.up(**enterprise)
    assert runs(cloud) == f"{pin(digest)}@{digest}"
    plugin.refresh()
    assert plugin.inputs["drift"] == "ok"
    assert not plugin.changes(**enterprise)


# what becomes of pin tags


def test_a_deployment_and_a_deletion_remove_no_tag_and_list_no_functions(
    cloud: Emulator, plugin: Plugin, enterprise: dict[str, Any]
) -> None:
    left = pin(cloud.push(PATH, "main-1"))
    plugin.up(**enterprise)
    runs_now = pin(cloud.push(PATH, "main-2"))
    plugin.clock.advance(10 * YEAR)
    cloud.calls.clear()
    plugin.up(**enterprise)
    plugin.destroy()
    assert set(cloud.tags(PATH)) == {"main-1", "main-2", left, runs_now}
    assert not {"ListFunctions", "ListFunctionVersions", "DeleteRepoTag"} & {call.action for call in cloud.calls}
    assert "fcpin prune" in plugin.log[-1]


def test_another_function_goes_on_although_its_update_to_another_repository_failed(
    cloud: Emulator, plugin: Plugin, enterprise: dict[str, Any]
) -> None:
    cloud.push(PATH, "main-1")
    plugin.up(**enterprise)
    orders = Plugin(cloud)
    orders.up(**{**enterprise, "function_name": "orders"})
    other = {"repository": f"{cloud.enterprise_host}/shop/other", "policy": {"newest": {}}}
    cloud.push("shop/other", "main-1", content="other")
    cloud.fail_update("orders")
    with pytest.raises(ProviderError, match="ImageOptimizingFailed"):
        orders.up(**{**enterprise, **other, "function_name": "orders"})
    cloud.push(PATH, "main-2")
    plugin.up(**enterprise)
    assert cloud.invoke("orders", cold=True).status == 200


def test_a_state_of_an_earlier_version_is_no_change(
    cloud: Emulator, plugin: Plugin, enterprise: dict[str, Any]
) -> None:
    """It has `protect_grace` among its inputs, and `released_pins` among its outputs."""
    cloud.push(PATH, "main-1")
    plugin.up(**enterprise)
    released = {f"{enterprise['repository']}:fcpin-0123456789ab": "2026-11-22T12:00:00Z"}
    plugin.inputs = {**plugin.inputs, "protect_grace": "0s"}
    plugin.outputs = {**plugin.outputs, "protect_grace": "0s", "released_pins": released}
    assert not plugin.changes(**enterprise)
    plugin.refresh()
    assert not plugin.changes(**enterprise)
    plugin.outputs = {**plugin.outputs, "protect_grace": "0s", "released_pins": released}
    cloud.push(PATH, "main-2")
    assert plugin.up(**enterprise)["tag"] == "main-2"
    assert not {"protect_grace", "released_pins"} & plugin.outputs.keys()
