"""What a refresh stores, and what of it the next deployment keeps."""

from typing import Any

import pytest

from fcpin.drift import Drift, Kind, RegisteredImage, Unknown
from fcpin.fc.model import Function
from fcpin.image import Digest, Image, Pin, Repository
from fcpin.pinned_function.plan import difference
from fcpin.pinned_function.properties import deployed_image, live, wanted_drift

OLD, NEW = Digest(f"sha256:{'a' * 64}"), Digest(f"sha256:{'b' * 64}")
REPOSITORY = Repository("registry.cn-hangzhou.aliyuncs.com", "shop/app")
PIN = {"tag": "main-1", "digest": OLD, "image": f"{REPOSITORY}:main-1"}
STATE: dict[str, Any] = {
    **PIN,
    "function_name": "checkout",
    "drift": "ok",
    "deployed_image": f"{REPOSITORY}:main-1@{OLD}",
    "selection": "the only tag",
}
SAME = RegisteredImage(Image(REPOSITORY, "main-1", NEW), OLD, tag_is_same=True, is_there=True, is_deployed=True)
SILENT = Unknown("no answer")
FINE = Drift(Kind.OK)


def function(digest: str, tag: str = "main-1") -> Function:
    container = {"image": f"{REPOSITORY}:{tag}", "resolvedImageUri": f"{REPOSITORY}@{digest}"}
    return Function.from_wire({"state": "Active", "lastUpdateStatus": "Successful", "customContainerConfig": container})


def test_a_function_that_runs_its_pin_is_stored_as_it_was() -> None:
    outputs, inputs = live(STATE, function(OLD), SAME, FINE)
    assert difference(outputs, STATE).changed == ()
    assert {key: inputs[key] for key in PIN} == PIN
    assert outputs["selection"] == "the only tag"


def test_the_child_of_the_deployed_index_is_the_pin_while_the_registry_is_known() -> None:
    assert live(STATE, function(NEW), SAME, FINE)[1]["digest"] == OLD
    assert live(STATE, function(NEW), SILENT, FINE)[1]["digest"] == NEW


def test_what_a_refresh_found_differs_from_what_is_wanted() -> None:
    outputs, _ = live(STATE, function(OLD), SAME, Drift(Kind.MOVED_TAG, "main-1 moved"))
    assert outputs["drift"] == "moved-tag: main-1 moved"
    assert difference(outputs, STATE).changed == ("drift",)


def test_what_was_deployed_is_known_after_a_refresh_saw_something_else() -> None:
    outputs, _ = live(STATE, function(NEW, "main-0"), SAME, Drift(Kind.OUT_OF_BAND_IMAGE, "runs main-0"))
    assert outputs["tag"] == "main-0"
    assert str(deployed_image(outputs)) == STATE["deployed_image"]


def test_a_state_of_0_1_0_has_its_pin_and_is_no_difference() -> None:
    old = {key: value for key, value in STATE.items() if key not in {"drift", "deployed_image"}}
    assert str(deployed_image(old)) == STATE["deployed_image"]
    assert difference(old, STATE).changed == difference(STATE, old).changed == ()


@pytest.mark.parametrize(
    ("label", "found", "digest", "wanted"),
    [
        ("a new pin heals everything", "moved-tag: main-1 moved", NEW, "ok"),
        ("the same pin heals no moved tag", "moved-tag: main-1 moved", OLD, "moved-tag: main-1 moved"),
        ("the same pin wakes nothing", "function-inactive: idle", OLD, "function-inactive: idle"),
        ("the same pin changes nothing", "unknown: no answer", OLD, "unknown: no answer"),
        ("the same pin is sent again after a failed update", "update-failed: x", OLD, "ok"),
        ("the same pin repairs what was done by hand", "out-of-band-image: x", OLD, "ok"),
        ("nothing was found yet", None, OLD, "ok"),
    ],
)
def test_an_up_claims_only_what_it_does(label: str, found: str | None, digest: Digest, wanted: str) -> None:
    assert wanted_drift({**STATE, "drift": found}, Pin("main-1", digest)) == wanted
