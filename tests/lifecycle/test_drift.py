"""What happened behind Pulumi's back: seen by refresh, repaired by up, never guessed."""

from fcpin.layout import shorten
from tests.lifecycle.shop import FUNCTION, Shop


def follow_main(shop: Shop) -> str:
    """One function on the moving tag `main`, deployed; gives its digest."""
    digest = shop.push("main", "v1")
    shop.configure({FUNCTION: shop.entry(policy={"digest": {"tag": "main"}})})
    shop.up()
    return digest


def test_a_moved_tag_breaks_new_instances_and_up_heals_them(shop: Shop) -> None:
    old = follow_main(shop)
    new = shop.push("main", "v2")
    broken = shop.cloud.invoke(FUNCTION, cold=True)
    assert broken.code == "PullImageFailed"
    shown = shop.preview("--diff").output
    assert shorten(old) in shown
    assert shorten(new) in shown
    healed = shop.up()
    assert "could not start for up to" in healed.output
    assert shop.stack.resources()[0]["outputs"]["exposed_seconds"] > 0
    assert shop.cloud.invoke(FUNCTION, cold=True).digest == new


def told(shop: Shop) -> str:
    """The kind of drift in the stack's state."""
    drift: str = shop.stack.resources()[0]["outputs"]["drift"]
    return drift.partition(":")[0]


def test_refresh_shows_an_image_changed_by_hand_and_up_refresh_repairs_it(shop: Shop) -> None:
    old, new = shop.push("main-1"), shop.push("main-2")
    shop.up()
    shop.cloud.set_image(FUNCTION, f"{shop.repository}:main-1")
    seen = shop.stack.refresh("--preview-only", "--diff")
    assert shorten(new) in seen.output
    assert shorten(old) in seen.output
    assert shop.stack.preview("--refresh", "--expect-no-changes").code == 7
    shop.up("--refresh")
    assert shop.deployed() == f"main-2@{new}"
    assert shop.stack.preview("--refresh", "--expect-no-changes").code == 0


def test_a_function_deleted_by_hand_is_created_anew(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    shop.client().delete(FUNCTION)
    assert shop.stack.refresh().code == 0
    assert shop.stack.resources() == []
    shop.up()
    assert [function["functionName"] for function in shop.cloud.functions()] == [FUNCTION]


def test_refresh_that_cannot_tell_fails_and_forgets_nothing(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    before = shop.stack.resources()
    shop.cloud.fail_next("GetFunction", status=403, code="AccessDenied", message="not authorized to fc:GetFunction")
    done = shop.stack.refresh()
    assert done.code == 1
    assert "AccessDenied" in done.output
    assert shop.stack.resources() == before


def test_another_function_name_replaces_the_function(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    shop.configure({FUNCTION: shop.entry(function_name="checkout-v2")})
    shop.up()
    assert [function["functionName"] for function in shop.cloud.functions()] == ["checkout-v2"]


def test_a_tag_that_was_moved_back_is_no_reason_to_leave_the_function_failed(shop: Shop) -> None:
    """FC failed it while the tag was elsewhere, and no property of the pin has changed since."""
    shop.push("main-1", "v1")
    old = shop.push("main-2", "v2")
    shop.up()
    shop.cloud.advance(60)
    shop.push("main-2", "overwritten")
    assert shop.cloud.invoke(FUNCTION, cold=True).code == "PullImageFailed"
    shop.cloud.retag("shop/app", "main-2", to=old)
    assert shop.cloud.invoke(FUNCTION, cold=True).code == "PullImageFailed"
    assert shop.stack.preview("--expect-no-changes").code != 0
    shown = shop.preview().output
    assert "1 to update" in shown
    assert "update-failed: the function failed (PullImageFailed: " in shown
    shop.cloud.calls.clear()
    shop.up()
    assert shop.cloud.invoke(FUNCTION, cold=True).digest == old
    assert told(shop) == "ok"
    shop.cloud.calls.clear()
    shop.preview("--expect-no-changes")
    assert not [call.action for call in shop.cloud.calls if call.action.endswith("Function")]
