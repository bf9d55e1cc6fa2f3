"""What happened behind Pulumi's back: seen by refresh, repaired by up, never guessed."""

from fcpin.layout import shorten
from tests.lifecycle.stack_harness import FUNCTION, StackHarness


def follow_main(harness: StackHarness) -> str:
    """One function on the moving tag `main`, deployed; gives its digest."""
    digest = harness.push("main", "v1")
    harness.configure({FUNCTION: harness.entry(policy={"digest": {"tag": "main"}})})
    harness.up()
    return digest


def test_a_moved_tag_breaks_new_instances_and_up_heals_them(harness: StackHarness) -> None:
    old = follow_main(harness)
    new = harness.push("main", "v2")
    broken = harness.cloud.invoke(FUNCTION, cold=True)
    assert broken.code == "PullImageFailed"
    shown = harness.preview("--diff").output
    assert shorten(old) in shown
    assert shorten(new) in shown
    healed = harness.up()
    assert "could not start for up to" in healed.output
    assert harness.stack.resources()[0]["outputs"]["exposed_seconds"] > 0
    assert harness.cloud.invoke(FUNCTION, cold=True).digest == new


def kind_of_drift(harness: StackHarness) -> str:
    """The kind of drift in the stack's state."""
    drift: str = harness.stack.resources()[0]["outputs"]["drift"]
    return drift.partition(":")[0]


def test_refresh_shows_an_image_changed_by_hand_and_up_refresh_repairs_it(harness: StackHarness) -> None:
    old, new = harness.push("main-1"), harness.push("main-2")
    harness.up()
    harness.cloud.set_image(FUNCTION, f"{harness.repository}:main-1")
    seen = harness.stack.refresh("--preview-only", "--diff")
    assert shorten(new) in seen.output
    assert shorten(old) in seen.output
    assert harness.stack.preview("--refresh", "--expect-no-changes").code == 7
    harness.up("--refresh")
    assert harness.deployed() == f"main-2@{new}"
    assert harness.stack.preview("--refresh", "--expect-no-changes").code == 0


def test_a_function_deleted_by_hand_is_created_again(harness: StackHarness) -> None:
    harness.push("main-1")
    harness.up()
    harness.client().delete(FUNCTION)
    assert harness.stack.refresh().code == 0
    assert harness.stack.resources() == []
    harness.up()
    assert [function["functionName"] for function in harness.cloud.functions()] == [FUNCTION]


def test_refresh_that_cannot_read_the_function_fails_and_forgets_nothing(harness: StackHarness) -> None:
    harness.push("main-1")
    harness.up()
    before = harness.stack.resources()
    harness.cloud.fail_next("GetFunction", status=403, code="AccessDenied", message="not authorized to fc:GetFunction")
    done = harness.stack.refresh()
    assert done.code == 1
    assert "AccessDenied" in done.output
    assert harness.stack.resources() == before


def test_another_function_name_replaces_the_function(harness: StackHarness) -> None:
    harness.push("main-1")
    harness.up()
    harness.configure({FUNCTION: harness.entry(function_name="checkout-v2")})
    harness.up()
    assert [function["functionName"] for function in harness.cloud.functions()] == ["checkout-v2"]


def test_a_tag_that_was_moved_back_is_no_reason_to_leave_the_function_failed(harness: StackHarness) -> None:
    """FC failed it while the tag was elsewhere, and no property of the pin has changed since."""
    harness.push("main-1", "v1")
    old = harness.push("main-2", "v2")
    harness.up()
    harness.cloud.advance(60)
    harness.push("main-2", "overwritten")
    assert harness.cloud.invoke(FUNCTION, cold=True).code == "PullImageFailed"
    harness.cloud.retag("shop/app", "main-2", to=old)
    assert harness.cloud.invoke(FUNCTION, cold=True).code == "PullImageFailed"
    assert harness.stack.preview("--expect-no-changes").code != 0
    shown = harness.preview().output
    assert "1 to update" in shown
    assert "update-failed: the function failed (PullImageFailed: " in shown
    harness.cloud.calls.clear()
    harness.up()
    assert harness.cloud.invoke(FUNCTION, cold=True).digest == old
    assert kind_of_drift(harness) == "ok"
    harness.cloud.calls.clear()
    harness.preview("--expect-no-changes")
    assert not [call.action for call in harness.cloud.calls if call.action.endswith("Function")]
