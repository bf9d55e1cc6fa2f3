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
