"""A function that FC failed while its tag was elsewhere is deployed again by a plain `up`; what that costs in calls."""

from typing import Any

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.pinned_function.provider import ProviderError
from tests.support.plugin import CONFIG, PATH, Plugin

QUIET = Knobs(create_seconds=0, update_seconds=0)
NO_TIMES = Knobs(create_seconds=0, update_seconds=0, acr_personal="unknown")


def wanted(cloud: Emulator, *, personal: bool = False, **more: Any) -> dict[str, Any]:
    host = "registry.cn-hangzhou.aliyuncs.com" if personal else cloud.enterprise_host
    order = {"numerical": {}} if personal else {"family": {"name": "main"}}
    tags = {"filter_tags": {"pattern": r"^main-(\d+)$", "extract": "$1"}} if personal else {}
    return {"repository": f"{host}/{PATH}", "policy": order, "config": CONFIG, **tags, **more}


def calls_of_fc(cloud: Emulator) -> list[str]:
    """Since the last time."""
    calls = [call.action for call in cloud.calls if call.action.endswith("Function")]
    cloud.calls.clear()
    return calls


def break_and_move_back(cloud: Emulator, tag: str, digest: str) -> None:
    """The tag is overwritten, a new instance cannot start, the tag is moved back: FC leaves the function Failed."""
    cloud.advance(60)
    cloud.push(PATH, tag, content="overwritten")
    assert cloud.invoke("checkout", cold=True).code == "PullImageFailed"
    cloud.advance(60)
    cloud.retag(PATH, tag, to=digest)
    assert cloud.function("checkout")["state"] == "Failed"


@pytest.mark.parametrize("adopted", [False, True])
def test_a_tag_that_was_moved_back_is_healed_and_the_preview_has_the_reason(
    cloud: Emulator, plugin: Plugin, adopted: bool
) -> None:
    digest, settings = cloud.push(PATH, "main-1"), wanted(cloud)
    plugin.up(**settings)
    if adopted:
        settings.pop("config")
        plugin.up(**settings)
    break_and_move_back(cloud, "main-1", digest)
    assert plugin.changes(**settings)
    assert plugin.log[-1] == (
        "warning: checkout: update-failed: the function failed (PullImageFailed: Failed to pull image. failed to "
        "create container due to resolved image uri deleted): it cannot be invoked; `up` deploys it again"
    )
    outputs = plugin.up(**settings)
    assert (outputs["state"], outputs["digest"], outputs["drift"]) == ("Active", digest, "ok")
    assert cloud.invoke("checkout", cold=True).digest == digest
    cloud.calls.clear()
    assert not plugin.changes(**settings)
    assert calls_of_fc(cloud) == []


def test_a_tag_that_was_pushed_again_costs_one_read_a_run_until_the_next_deployment(
    cloud: Emulator, plugin: Plugin
) -> None:
    digest = cloud.push(PATH, "main-1")
    plugin.up(**wanted(cloud))
    cloud.advance(60)
    cloud.retag(PATH, "main-1", to=digest)
    cloud.calls.clear()
    for _ in range(2):
        assert not plugin.changes(**wanted(cloud))
        assert calls_of_fc(cloud) == ["GetFunction"]
    cloud.push(PATH, "main-2")
    plugin.up(**wanted(cloud))
    cloud.calls.clear()
    for seconds in (0, 3600):  # also directly after a deployment: FC's times have no fractions of a second
        cloud.advance(seconds)
        assert not plugin.changes(**wanted(cloud))
    assert calls_of_fc(cloud) == []


@pytest.mark.parametrize("knobs", [NO_TIMES])
def test_without_push_times_every_run_reads_the_function(cloud: Emulator, plugin: Plugin) -> None:
    digest, settings = cloud.push(PATH, "main-1"), wanted(cloud, personal=True)
    plugin.up(**settings)
    cloud.calls.clear()
    assert not plugin.changes(**settings)
    assert calls_of_fc(cloud) == ["GetFunction"]
    break_and_move_back(cloud, "main-1", digest)
    assert plugin.changes(**settings)
    plugin.up(**settings)
    assert cloud.invoke("checkout", cold=True).digest == digest


def test_a_suspended_function_is_left_alone_and_an_overwritten_tag_is_healed_by_what_was_pushed(
    cloud: Emulator, plugin: Plugin
) -> None:
    digest = cloud.push(PATH, "main-1")
    plugin.up(**wanted(cloud))
    plugin.up(**wanted(cloud, suspend=True))
    break_and_move_back(cloud, "main-1", digest)
    cloud.calls.clear()
    assert not plugin.changes(**wanted(cloud, suspend=True))
    assert list(cloud.calls) == []
    pushed = cloud.push(PATH, "main-1", content="overwritten again")
    cloud.invoke("checkout", cold=True)
    plugin.up(**wanted(cloud))
    assert cloud.invoke("checkout", cold=True).digest == pushed


def test_a_protected_function_is_healed_when_its_pin_tag_was_moved_back(cloud: Emulator, plugin: Plugin) -> None:
    digest, settings = cloud.push(PATH, "main-1"), wanted(cloud, protect="pin_tag")
    plugin.up(**settings)
    cloud.advance(60)
    cloud.push(PATH, "main-1", content="overwritten")
    cloud.retag(PATH, "main-1", to=digest)  # which concerns no function: it runs by its pin tag
    cloud.calls.clear()
    assert not plugin.changes(**settings)
    assert calls_of_fc(cloud) == []
    break_and_move_back(cloud, plugin.outputs["image"].rpartition(":")[2], digest)
    assert plugin.changes(**settings)
    plugin.up(**settings)
    assert cloud.invoke("checkout", cold=True).digest == digest


def test_a_function_that_was_deployed_while_the_tag_was_elsewhere_is_deployed_again(
    cloud: Emulator, plugin: Plugin
) -> None:
    """It was deployed by hand meanwhile, and a refresh has not seen it."""
    digest, settings = cloud.push(PATH, "main-1"), wanted(cloud)
    image = plugin.up(**settings)["image"]
    cloud.advance(60)
    cloud.push(PATH, "main-1", content="overwritten")
    cloud.set_image("checkout", image)
    cloud.retag(PATH, "main-1", to=digest)
    assert plugin.changes(**settings)
    assert "moved-tag" in plugin.log[-1]
    plugin.up(**settings)
    assert cloud.invoke("checkout", cold=True).digest == digest


def test_a_function_that_is_gone_or_cannot_be_read_is_not_nothing_to_do(cloud: Emulator, plugin: Plugin) -> None:
    digest, settings = cloud.push(PATH, "main-1"), wanted(cloud)
    plugin.up(**settings)
    cloud.advance(60)
    cloud.retag(PATH, "main-1", to=digest)
    cloud.fail_next("GetFunction", status=403, code="AccessDenied", times=1)
    with pytest.raises(ProviderError, match="AccessDenied"):
        plugin.changes(**settings)
    cloud._account.functions.delete("checkout")
    assert plugin.changes(**settings)
    with pytest.raises(ProviderError, match=r"was deleted in cn-hangzhou; run `up --refresh`"):
        plugin.up(**settings)
