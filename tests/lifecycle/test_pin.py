"""Create, see the newer tag, deploy exactly it, and then leave everything alone."""

from fcpin.layout import shorten
from tests.lifecycle.shop import FUNCTION, Shop
from tests.support.command import fcpin


def short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def changes(preview: str) -> str:
    """The output of `fcpin changes` for a preview."""
    answer = fcpin("changes", stdin=preview)
    assert answer.code == 0
    return answer.out


def test_up_creates_a_function_on_the_newest_tag(shop: Shop) -> None:
    shop.push("main-1")
    newest = shop.push("main-2")
    shop.up()
    assert shop.deployed() == f"main-2@{newest}"
    assert shop.cloud.function(FUNCTION)["memorySize"] == 512
    outputs = shop.stack.resources()[0]["outputs"]
    assert outputs["ownership"] == "created"
    assert outputs["selection"] == "newest of 2 of 2 tags by push time"
    assert outputs["resolved_image_uri"].endswith(newest)
    assert outputs["tag_immutability"] is False


def test_preview_shows_old_and_new_tag_and_digest_and_up_deploys_exactly_that(shop: Shop) -> None:
    old = shop.push("main-1")
    shop.up()
    new = shop.push("main-2")
    shown = shop.preview("--diff").output
    for value in ("main-1", "main-2", shorten(old), shorten(new)):
        assert value in shown
    assert f"| `main-1@{short(old)}` | `main-2@{short(new)}` |" in changes(shop.preview("--json").output)
    assert shop.deployed() == f"main-1@{old}"
    assert shop.stack.up().code == 0
    assert shop.deployed() == f"main-2@{new}"
    assert shop.stack.resources()[0]["outputs"]["previous_image"] == f"{shop.repository}:main-1@{old}"


def test_a_second_run_lists_once_reads_one_digest_and_makes_no_fc_call(shop: Shop) -> None:
    shop.push("main-1")
    shop.configure({"a": shop.entry(function_name="a"), "b": shop.entry(function_name="b")})
    shop.up()
    for command in (shop.preview, shop.stack.up):
        shop.cloud.calls.clear()
        assert command("--expect-no-changes").code == 0
        asked = [call.action for call in shop.cloud.calls]
        assert asked.count("ListRepoTag") == 1
        assert asked.count("GetRepoTag") == 1
        assert not [action for action in asked if action.endswith("Function")]
        assert not [action for action in asked if "manifest" in action]


def test_destroy_deletes_what_was_created(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    assert shop.stack.destroy().code == 0
    assert shop.cloud.functions() == []
    assert shop.stack.resources() == []
