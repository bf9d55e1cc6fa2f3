"""What the provider does with one function over several runs: what is sent, refused, kept and reported."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.errors import FunctionRejected
from fcpin.fc.model import Function
from fcpin.image import short
from fcpin.pinned_function.deployer import require_container
from fcpin.pinned_function.plan import OWNER_TAG
from fcpin.pinned_function.provider import ProviderError
from tests.support.clock import ManualClock
from tests.support.plugin import CONFIG, PATH, CheckFailed, Plugin, SharedClock, client_of, deployed, wanted

NAME = "checkout"
MAIN = {"policy": {"digest": {"tag": "main"}}}


def create_by_hand(cloud: Emulator, tag: str, **settings: Any) -> None:
    container = {"image": f"{cloud.enterprise_host}/{PATH}:{tag}", "port": 8080}
    body = {"runtime": "custom-container", "handler": "index.handler", "customContainerConfig": container, **settings}
    client_of(cloud).create(NAME, body)
    cloud.advance(60)


def names(cloud: Emulator) -> list[str]:
    return [function["functionName"] for function in cloud.functions()]


# adopting and owning


def test_an_adopted_function_gets_its_image_and_keeps_everything_else(cloud: Emulator, plugin: Plugin) -> None:
    cloud.push(PATH, "main-1")
    create_by_hand(cloud, "main-1", memorySize=1024, cpu=1, diskSize=512, environmentVariables={"A": "s deploy"})
    newest = cloud.push(PATH, "main-2")
    assert plugin.up(**wanted(cloud, config=None))["ownership"] == "adopted"
    function = cloud.function(NAME)
    assert deployed(cloud) == f"main-2@{newest}"
    assert (function["environmentVariables"], function["memorySize"]) == ({"A": "s deploy"}, 1024)
    assert function["customContainerConfig"]["port"] == 8080


def test_adopting_a_function_that_runs_its_pin_sends_nothing_and_a_missing_one_is_named(
    cloud: Emulator, plugin: Plugin
) -> None:
    cloud.push(PATH, "main-1")
    with pytest.raises(ProviderError, match=r"does not exist .* give `config`"):
        plugin.up(**wanted(cloud, config=None))
    assert names(cloud) == []
    create_by_hand(cloud, "main-1")
    plugin.up(**wanted(cloud, config=None))
    assert cloud.calls.count("UpdateFunction") == 0
    with pytest.raises(ProviderError, match="adopt: true"):
        plugin.up(**wanted(cloud))


OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("a function of another tool", {}),
    ("a function of another stack", {"tags": [{"Key": OWNER_TAG, "Value": "o/p/prod::checkout"}]}),
]


@pytest.mark.parametrize("settings", [row[1] for row in OTHERS], ids=[row[0] for row in OTHERS])
def test_an_existing_function_is_taken_over_with_adopt_only(
    cloud: Emulator, plugin: Plugin, settings: dict[str, Any]
) -> None:
    old = cloud.push(PATH, "main-1")
    create_by_hand(cloud, "main-1", memorySize=1024, cpu=1, diskSize=512, **settings)
    cloud.push(PATH, "main-2")
    with pytest.raises(ProviderError, match="adopt: true"):
        plugin.up(**wanted(cloud))
    assert deployed(cloud) == f"main-1@{old}"
    plugin.up(**wanted(cloud, adopt=True))
    assert cloud.function(NAME)["memorySize"] == CONFIG["memory_size"]
    plugin.destroy()
    assert names(cloud) == [NAME]


def test_an_interrupted_creation_is_taken_up_again(cloud: Emulator, plugin: Plugin) -> None:
    """The owner tag of the function names this resource."""
    cloud.push(PATH, "main-1")
    create_by_hand(cloud, "main-1", tags=[{"Key": OWNER_TAG, "Value": "o/p/s::checkout"}])
    assert plugin.up(**wanted(cloud))["ownership"] == "created"
    plugin.destroy()
    assert names(cloud) == []


def test_another_function_of_that_name_is_not_deleted(cloud: Emulator, plugin: Plugin) -> None:
    cloud.push(PATH, "main-1")
    plugin.up(**wanted(cloud))
    client_of(cloud).delete(NAME)
    create_by_hand(cloud, "main-1")
    plugin.destroy()
    assert "not the one that was created here" in plugin.log_text
    assert names(cloud) == [NAME]


def test_only_custom_containers_can_be_pinned() -> None:
    require_container(Function.from_wire({"functionName": "f", "runtime": "custom-container"}))
    with pytest.raises(FunctionRejected, match=r"python3\.12"):
        require_container(Function.from_wire({"functionName": "f", "runtime": "python3.12"}))


# which tag


def test_a_newer_tag_outside_the_family_changes_nothing(cloud: Emulator, plugin: Plugin) -> None:
    cloud.push(PATH, "main-1")
    plugin.up(**wanted(cloud))
    cloud.push(PATH, "release-9")
    cloud.push(PATH, "main-hotfix-9")
    assert not plugin.changes(**wanted(cloud))


def test_another_repository_starts_without_a_current_tag(cloud: Emulator, plugin: Plugin) -> None:
    """main-3 of it is no downgrade from main-50."""
    cloud.push(PATH, "main-50")
    plugin.up(**wanted(cloud))
    digest = cloud.push("shop/new", "main-3", content="new")
    plugin.up(**wanted(cloud, repository=f"{cloud.enterprise_host}/shop/new"))
    assert deployed(cloud) == f"main-3@{digest}"


def test_a_conversion_is_waited_for_and_deployed(cloud: Emulator, plugin: Plugin) -> None:
    settings = wanted(cloud, accelerated="prefer", accelerated_wait="10m")
    plugin.clock = ManualClock(datetime.now(UTC))
    cloud.push(PATH, "main-1")
    converted = cloud.push(PATH, "main-1_accelerated")
    assert "as main-1_accelerated" in plugin.up(**settings)["selection"]
    assert deployed(cloud) == f"main-1_accelerated@{converted}"
    cloud.push(PATH, "main-2")
    assert not plugin.changes(**settings)
    assert "main-2 waits for its accelerated image until " in plugin.log_text
    converted = cloud.push(PATH, "main-2_accelerated")
    plugin.up(**settings)
    assert deployed(cloud) == f"main-2_accelerated@{converted}"
    original = cloud.push(PATH, "main-3")
    plugin.clock.advance(601)
    assert "no accelerated image" in plugin.up(**settings)["selection"]
    assert deployed(cloud) == f"main-3@{original}"


def test_a_young_tag_matures_and_a_bypass_is_not_taken_back(cloud: Emulator, plugin: Plugin) -> None:
    settings = wanted(cloud, min_age="2h", allow_downgrade=True)
    plugin.clock = ManualClock(datetime.now(UTC))
    old = cloud.push(PATH, "main-1")
    with pytest.raises(CheckFailed, match="main-1 matures at "):
        plugin.preview(**settings)
    plugin.clock.advance(3 * 3600)
    cloud.advance(3 * 3600)
    newer = cloud.push(PATH, "main-2")
    plugin.up(**settings)
    assert "not deployed yet: main-2 matures at " in plugin.log_text
    assert deployed(cloud) == f"main-1@{old}"
    plugin.min_age_bypass = True
    assert "min_age 2h bypassed" in plugin.up(**settings)["selection"]
    assert deployed(cloud) == f"main-2@{newer}"
    plugin.min_age_bypass = False
    assert not plugin.changes(**settings)


def hold(days: float = 1, **fields: Any) -> dict[str, Any]:
    return {"hold": {"until": (datetime.now(UTC) + timedelta(days=days)).isoformat(), **fields}}


def test_a_hold_stays_on_its_image_until_it_expires(cloud: Emulator, plugin: Plugin) -> None:
    plugin.clock = ManualClock(datetime.now(UTC))
    digest = cloud.push(PATH, "main-1")
    with pytest.raises(CheckFailed, match="main-0 is not among"):
        plugin.preview(**wanted(cloud, **hold(tag="main-0")))
    with pytest.raises(CheckFailed, match="none of 1 tags"):
        plugin.preview(**wanted(cloud, **hold(digest="0" * 64)))
    plugin.up(**wanted(cloud))
    newest = cloud.push(PATH, "main-2")
    plugin.up(**wanted(cloud, **hold(digest=digest)))
    assert cloud.calls.count("UpdateFunction") == 0
    assert deployed(cloud) == f"main-1@{digest}"
    plugin.up(**wanted(cloud, **hold(days=-1, tag="main-1")))
    assert "; remove it" in plugin.log_text
    assert deployed(cloud) == f"main-2@{newest}"


def test_a_suspended_pin_stays_without_a_request(cloud: Emulator, plugin: Plugin) -> None:
    old = cloud.push(PATH, "main-1")
    for config in (None, CONFIG):
        with pytest.raises(CheckFailed, match="needs a deployed pin"):
            plugin.preview(**wanted(cloud, suspend=True, config=config))
    plugin.up(**wanted(cloud))
    newest = cloud.push(PATH, "main-2")
    cloud.calls.clear()
    plugin.preview(**wanted(cloud, suspend=True))
    assert "stays on main-1" in plugin.log_text
    assert list(cloud.calls) == []
    plugin.up(**wanted(cloud, suspend=True, config={**CONFIG, "timeout": 60}))
    assert (cloud.function(NAME)["timeout"], deployed(cloud)) == (60, f"main-1@{old}")
    plugin.up(**wanted(cloud))
    assert deployed(cloud) == f"main-2@{newest}"


def test_a_run_without_push_times_deploys_nothing_older(cloud: Emulator, plugin: Plugin) -> None:
    """The registry refuses the request for push times in one run."""
    repository = f"registry-intl-vpc.cn-hangzhou.aliyuncs.com/{PATH}"
    settings = wanted(cloud, repository=repository, policy={"family": {"name": "release"}})
    cloud.push(PATH, "release-10")
    cloud.advance(3600)
    rollback = cloud.push(PATH, "release-9")
    plugin.up(**settings)
    assert (deployed(cloud), plugin.inputs["ordered_by"]) == (f"release-9@{rollback}", "push time")
    cloud.fail_next("GetRepoTags", status=403, code="InvalidSecurityToken.Expired")
    with pytest.raises(CheckFailed, match="push_times: false"):
        plugin.up(**settings)
    cloud.fail_next("GetRepoTags", status=404, code="REPO_NOT_EXIST")
    plugin.up(**settings)
    assert "was chosen by push time" in plugin.log_text
    assert (deployed(cloud), plugin.inputs["ordered_by"]) == (f"release-9@{rollback}", "push time")
    cloud.advance(3600)
    newest = cloud.push(PATH, "release-8")
    plugin.up(**settings)
    assert deployed(cloud) == f"release-8@{newest}"


# what drifts


def test_an_image_deployed_by_hand_is_repaired_after_a_refresh(cloud: Emulator, plugin: Plugin) -> None:
    cloud.push(PATH, "main-1")
    new = cloud.push(PATH, "main-2")
    plugin.up(**wanted(cloud))
    assert not plugin.refresh()
    cloud.set_image(NAME, f"{cloud.enterprise_host}/{PATH}:main-1")
    assert plugin.refresh()
    assert not plugin.refresh()
    assert plugin.outputs["drift"].startswith("out-of-band-image: ")
    plugin.up(**wanted(cloud))
    assert deployed(cloud) == f"main-2@{new}"
    assert not plugin.refresh()


def test_a_registry_that_refuses_is_an_unknown_drift(cloud: Emulator, plugin: Plugin) -> None:
    cloud.push(PATH, "main-1")
    plugin.up(**wanted(cloud))
    cloud.fail_next("GetRepoTag", status=403, code="NoPrivilege", message="Access denied for this user.", times=2)
    plugin.refresh()
    assert "NoPrivilege" in plugin.log_text
    assert plugin.outputs["drift"].startswith("unknown: ")


def test_settings_are_sent_without_touching_the_image_and_repaired(cloud: Emulator, plugin: Plugin) -> None:
    digest = cloud.push(PATH, "main-1")
    plugin.up(**wanted(cloud, on_empty="keep"))
    changed = {**CONFIG, "environment_variables": {"LOG_LEVEL": "debug"}}
    plugin.up(**wanted(cloud, on_empty="keep", config=changed))
    assert cloud.function(NAME)["environmentVariables"] == {"LOG_LEVEL": "debug"}
    cloud.configure(NAME, {"memorySize": 1024, "cpu": 1, "diskSize": 512})
    assert plugin.refresh()
    assert plugin.inputs["config"]["memory_size"] == 1024
    cloud.delete_tag(PATH, "main-1")
    plugin.up(**wanted(cloud, on_empty="keep", config=changed))
    assert cloud.function(NAME)["memorySize"] == CONFIG["memory_size"]
    assert deployed(cloud) == f"main-1@{digest}"


@pytest.mark.parametrize("refresh_midway", [False, True])
def test_a_failed_update_stays_visible_and_is_repaired(cloud: Emulator, plugin: Plugin, refresh_midway: bool) -> None:
    """GetFunction names the new image although the old one serves: that must not look like done."""
    cloud.push(PATH, "main-1")
    plugin.up(**wanted(cloud))
    new = cloud.push(PATH, "main-2")
    cloud.fail_update(NAME)
    if refresh_midway:
        client_of(cloud).update(NAME, {"customContainerConfig": {"image": f"{cloud.enterprise_host}/{PATH}:main-2"}})
        plugin.refresh()
        cloud.advance(60)
    else:
        with pytest.raises(ProviderError, match="old image keeps serving"):
            plugin.up(**wanted(cloud))
        plugin.refresh()
        assert plugin.outputs["drift"].startswith("update-failed: ")
        assert plugin.changes(**wanted(cloud))
    plugin.up(**wanted(cloud))
    assert deployed(cloud) == f"main-2@{new}"
    assert cloud.function(NAME)["lastUpdateStatus"] == "Successful"


# what is refused, and what goes wrong


def test_what_cannot_be_deployed_is_refused_by_the_preview(cloud: Emulator, plugin: Plugin) -> None:
    with pytest.raises(CheckFailed, match=PATH):
        plugin.preview(**wanted(cloud))
    cloud.push(PATH, "main-1", platforms=["linux/arm64"])
    with pytest.raises(CheckFailed, match="is not of the family release"):
        plugin.preview(**wanted(cloud, policy={"family": {"name": "release"}}))
    with pytest.raises(CheckFailed, match=r"no linux/amd64 image \(it has: linux/arm64\)"):
        plugin.preview(**wanted(cloud))


def test_the_reasons_of_a_failed_update_are_reported(cloud: Emulator, plugin: Plugin) -> None:
    old = cloud.push(PATH, "main-1")
    plugin.up(**wanted(cloud))
    cloud.push(PATH, "main-2")
    cloud.fail_update(NAME, reason_code="PullImageFailed", reason="no space left")
    with pytest.raises(ProviderError, match=r"PullImageFailed.*no space left.*old image keeps serving"):
        plugin.up(**wanted(cloud))
    cloud.fail_next("UpdateFunction", status=400, code="InvalidArgument", message="bad image")
    with pytest.raises(ProviderError, match=r"InvalidArgument.*bad image"):
        plugin.up(**wanted(cloud))
    assert plugin.outputs["digest"] == old


def test_an_image_that_is_gone_since_the_preview_is_not_deployed(cloud: Emulator, plugin: Plugin) -> None:
    cloud.push(PATH, "main-1")
    plugin.up(**wanted(cloud))
    new = cloud.push(PATH, "main-2")
    cloud.after_next("GET blob", "delete_manifest", {"repository": PATH, "reference": new})
    with pytest.raises(ProviderError, match="main-2 is gone since it was resolved"):
        plugin.up(**wanted(cloud))


def test_throttling_is_waited_out(cloud: Emulator, plugin: Plugin) -> None:
    cloud.push(PATH, "main-1")
    plugin.up(**wanted(cloud))
    new = cloud.push(PATH, "main-2")
    cloud.fail_next("UpdateFunction", status=429, code="Throttling.User")
    cloud.fail_next("ListRepoTag", status=503, code="ServiceUnavailable")
    plugin.up(**wanted(cloud))
    assert deployed(cloud) == f"main-2@{new}"


# settings of the cloud


@pytest.mark.parametrize("knobs", [Knobs(create_seconds=1, update_seconds=1, same_image_update="keep")], ids=["keep"])
def test_a_moved_tag_that_fc_does_not_read_again_is_a_failure_with_a_way_out(cloud: Emulator, plugin: Plugin) -> None:
    plugin.clock = SharedClock(cloud)
    cloud.push(PATH, "main", content="v1")
    plugin.up(**wanted(cloud, **MAIN))
    cloud.push(PATH, "main", content="v2")
    with pytest.raises(ProviderError, match="under a new tag"):
        plugin.up(**wanted(cloud, **MAIN))


@pytest.mark.parametrize("knobs", [Knobs(create_seconds=0, update_seconds=0, update_merge="replace")], ids=["replace"])
def test_unmanaged_settings_survive_a_cloud_that_replaces_the_block(cloud: Emulator, plugin: Plugin) -> None:
    cloud.push(PATH, "main-1")
    create_by_hand(cloud, "main-1")
    cloud.push(PATH, "main-2")
    plugin.up(**wanted(cloud, config=None))
    assert cloud.function(NAME)["customContainerConfig"]["port"] == 8080


@pytest.mark.parametrize("knobs", [Knobs(create_seconds=0, update_seconds=0, resolved_digest="child")], ids=["child"])
def test_an_index_and_its_child_are_one_image(cloud: Emulator, plugin: Plugin) -> None:
    index = cloud.push(PATH, "main-1", platforms=["linux/amd64", "linux/arm64"])
    plugin.up(**wanted(cloud))
    assert not deployed(cloud).endswith(index)
    assert not plugin.changes(**wanted(cloud))
    assert not plugin.refresh()


@pytest.mark.parametrize("knobs", [Knobs(create_seconds=0, update_seconds=0, missing_image="async")], ids=["async"])
def test_an_image_that_vanishes_while_fc_deploys_it_is_a_failed_update(cloud: Emulator, plugin: Plugin) -> None:
    old = cloud.push(PATH, "main-1")
    plugin.up(**wanted(cloud))
    new = cloud.push(PATH, "main-2")
    vanish = {"repository": PATH, "reference": new}
    last_read = {"action": "GetRepoTag", "verb": "delete_manifest", "arguments": vanish}
    cloud.after_next("GetFunction", "after_next", last_read)
    with pytest.raises(ProviderError, match="old image keeps serving"):
        plugin.up(**wanted(cloud))
    assert plugin.outputs["digest"] == old


def test_a_moved_tag_is_healed_and_the_outage_reported(cloud: Emulator, plugin: Plugin) -> None:
    old = cloud.push(PATH, "main", content="v1")
    plugin.up(**wanted(cloud, **MAIN))
    assert "warning: " in plugin.log_text, "a policy on a moving tag"
    new = cloud.push(PATH, "main", content="v2")
    assert plugin.refresh()
    assert plugin.outputs["drift"].startswith(f"moved-tag: main moved from {short(old)} to {short(new)}")
    assert not plugin.refresh()
    plugin.clock = ManualClock(datetime.now(UTC) + timedelta(seconds=30))
    assert plugin.up(**wanted(cloud, **MAIN))["exposed_seconds"] > 0
    assert "could not start for up to" in plugin.log_text
    assert cloud.invoke(NAME, cold=True).digest == new
