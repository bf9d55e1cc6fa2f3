"""Which kind of drift it is, when several things are true at once."""

from dataclasses import replace
from typing import Any

from fcpin.drift import Kind, RegisteredImage, Unknown, classify
from fcpin.fc.model import Function
from fcpin.image import Digest, Image, Repository
from tests.support.tables import table

OLD, NEW = Digest(f"sha256:{'a' * 64}"), Digest(f"sha256:{'b' * 64}")
REPOSITORY = Repository("registry.cn-hangzhou.aliyuncs.com", "shop/app")
DEPLOYED = Image(REPOSITORY, "main-1", OLD)
FINE = RegisteredImage(DEPLOYED, points_at=OLD, tag_is_same=True, is_there=True, is_deployed=True)
MOVED = replace(FINE, points_at=NEW, tag_is_same=False)
NO_TAG = replace(FINE, points_at=None, tag_is_same=False)
NO_IMAGE = replace(NO_TAG, is_there=False)
ANOTHER = replace(FINE, is_deployed=False)
SILENT = Unknown("the registry cannot be read", "503")
NEWER = "main-2 is newer"


def function(tag: str = "main-1", **wire: Any) -> Function:
    container = {"image": f"{REPOSITORY}:{tag}", "resolvedImageUri": f"{REPOSITORY}@{OLD}"}
    settled = {"state": "Active", "lastUpdateStatus": "Successful"}
    return Function.from_wire({**settled, "customContainerConfig": container, **wire})


ACTIVE, FAILED, BUSY = function(), function(lastUpdateStatus="Failed"), function(lastUpdateStatus="InProgress")
IDLE, DEAD, PENDING = function(state="Inactive"), function(state="Failed"), function(state="Pending")
DISABLED = function(invocationRestriction={"disable": True, "reason": "overdue payment"})
LOCK = {"lockedAt": "2026-11-22T12:00:00Z", "lockedBy": "ops"}
LOCKED = function(lockInfo={**LOCK, "lockedResources": ["function", "trigger"]})
LOCKED_VERSIONS = function(lockInfo={**LOCK, "lockedResources": ["version"]})
BY_HAND = function("main-0")

CASES = [
    ("what was deployed runs", ACTIVE, FINE, "", "ok"),
    ("no function is worse than anything in a registry", None, MOVED, NEWER, "function-missing"),
    ("a missing image is no mere moved tag", ACTIVE, NO_IMAGE, "", "deleted-digest"),
    ("a deleted tag is an outage", ACTIVE, NO_TAG, "", "deleted-tag"),
    ("a moved tag is an outage", ACTIVE, MOVED, "", "moved-tag"),
    ("a moved tag goes before a newer one", ACTIVE, MOVED, NEWER, "moved-tag"),
    ("a moved tag is why the function failed", DEAD, MOVED, "", "moved-tag"),
    ("a moved tag goes before what was done by hand", BY_HAND, MOVED, "", "moved-tag"),
    ("what may not be invoked is down, whatever its image is", DISABLED, MOVED, "", "function-disabled"),
    ("a lock of the function", LOCKED, FINE, NEWER, "function-locked"),
    ("a lock is no outage", LOCKED, MOVED, "", "moved-tag"),
    ("a lock is certain although the registry is silent", LOCKED, SILENT, "", "function-locked"),
    ("a lock of versions hinders no deployment", LOCKED_VERSIONS, FINE, "", "ok"),
    ("a failed update", FAILED, FINE, NEWER, "update-failed"),
    ("a failed function", DEAD, FINE, "", "update-failed"),
    ("a failed update names another image than was deployed", replace(FAILED, image="x"), FINE, "", "update-failed"),
    ("another tag was deployed by hand", BY_HAND, FINE, "", "out-of-band-image"),
    ("the same tag was deployed again by hand", ACTIVE, ANOTHER, "", "out-of-band-image"),
    ("a change by hand is one, whatever the registry does", BY_HAND, SILENT, "", "out-of-band-image"),
    ("an update may be why the image is another", replace(BUSY, image="x"), ANOTHER, "", "update-in-progress"),
    ("a function that is being created", PENDING, FINE, "", "update-in-progress"),
    ("a failed update is certain although the registry is silent", FAILED, SILENT, "", "update-failed"),
    ("a silent registry may hide an outage", ACTIVE, SILENT, NEWER, "unknown"),
    ("of an idle function too", IDLE, SILENT, "", "unknown"),
    ("and of one that is being updated", BUSY, SILENT, "", "unknown"),
    ("an idle function", IDLE, FINE, NEWER, "function-inactive"),
    ("a newer tag", ACTIVE, FINE, NEWER, "newer-tag"),
    ("a policy that cannot be evaluated", ACTIVE, FINE, SILENT, "unknown"),
]


@table("live registered newer kind", CASES)
def test_the_worst_that_is_certain_decides(
    live: Function | None, registered: RegisteredImage | Unknown, newer: str | Unknown, kind: str
) -> None:
    drift = classify(DEPLOYED, live, registered, newer)
    assert drift.kind == kind
    assert bool(drift.sentence) is (kind != "ok")


def test_every_kind_is_returned_by_a_case() -> None:
    assert {case[-1] for case in CASES} == set(Kind)


def test_a_state_without_the_deployed_image_is_no_drift() -> None:
    assert classify(None, BY_HAND, FINE).kind is Kind.OK
    assert classify(None, BY_HAND, MOVED).kind is Kind.MOVED_TAG


def test_what_happened_is_reported_with_its_names() -> None:
    moved = str(classify(DEPLOYED, ACTIVE, MOVED))
    assert moved.startswith("moved-tag: ")
    for fact in ("main-1", OLD[:19], NEW[:19]):
        assert fact in moved
    assert "ImageOptimizingFailed" in str(
        classify(DEPLOYED, replace(FAILED, reason="ImageOptimizingFailed: too large"), FINE)
    )
    assert str(classify(DEPLOYED, ACTIVE, FINE)) == "ok"


def test_what_differs_at_every_call_is_no_part_of_the_sentence() -> None:
    drift = classify(DEPLOYED, ACTIVE, Unknown("the registry cannot be read", "request 4711"))
    assert drift.detail == "request 4711"
    assert "4711" not in str(drift)


def test_exit_codes_separate_what_can_wait_from_what_cannot() -> None:
    waits = {Kind.NEWER_TAG, Kind.FUNCTION_INACTIVE, Kind.UPDATE_IN_PROGRESS}
    assert {kind for kind in Kind if kind.exit_code == 10} == waits
    assert {kind for kind in Kind if kind.exit_code in (0, 30)} == {Kind.OK, Kind.UNKNOWN}
    assert {kind.exit_code for kind in set(Kind) - waits - {Kind.OK, Kind.UNKNOWN}} == {20}


def test_kinds_are_in_order_worst_first() -> None:
    severity = (20, 30, 10, 0)
    assert [kind.exit_code for kind in Kind] == sorted((kind.exit_code for kind in Kind), key=severity.index)
