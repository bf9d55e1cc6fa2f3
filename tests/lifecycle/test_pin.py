"""Create, see the newer tag, deploy exactly it, and then leave everything alone."""

from fcpin.layout import shorten
from tests.lifecycle.stack_harness import FUNCTION, StackHarness
from tests.support.command import fcpin


def short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def changes(preview: str) -> str:
    """The output of `fcpin changes` for a preview."""
    answer = fcpin("changes", stdin=preview)
    assert answer.code == 0
    return answer.out


def test_up_creates_a_function_on_the_newest_tag(harness: StackHarness) -> None:
    harness.push("main-1")
    newest = harness.push("main-2")
    harness.up()
    assert harness.deployed() == f"main-2@{newest}"
    assert harness.cloud.function(FUNCTION)["memorySize"] == 512
    outputs = harness.stack.resources()[0]["outputs"]
    assert outputs["ownership"] == "created"
    assert outputs["selection"] == "newest of 2 of 2 tags by push time"
    assert outputs["resolved_image_uri"].endswith(newest)
    assert outputs["tag_immutability"] is False


def test_preview_shows_old_and_new_tag_and_digest_and_up_deploys_exactly_that(harness: StackHarness) -> None:
    old = harness.push("main-1")
    harness.up()
    new = harness.push("main-2")
    shown = harness.preview("--diff").output
    for value in ("main-1", "main-2", shorten(old), shorten(new)):
        assert value in shown
    assert f"| `main-1@{short(old)}` | `main-2@{short(new)}` |" in changes(harness.preview("--json").output)
    assert harness.deployed() == f"main-1@{old}"
    assert harness.stack.up().code == 0
    assert harness.deployed() == f"main-2@{new}"
    assert harness.stack.resources()[0]["outputs"]["previous_image"] == f"{harness.repository}:main-1@{old}"


def test_a_second_run_lists_once_reads_one_digest_and_makes_no_fc_call(harness: StackHarness) -> None:
    harness.push("main-1")
    harness.configure({"a": harness.entry(function_name="a"), "b": harness.entry(function_name="b")})
    harness.up()
    for command in (harness.preview, harness.stack.up):
        harness.cloud.calls.clear()
        assert command("--expect-no-changes").code == 0
        actions = [call.action for call in harness.cloud.calls]
        assert actions.count("ListRepoTag") == 1
        assert actions.count("GetRepoTag") == 1
        assert not [action for action in actions if action.endswith("Function")]
        assert not [action for action in actions if "manifest" in action]
