"""What nobody has verified about the real cloud: the product works, or says why not, in either position."""

import pytest

from fcpin.emulator import Knobs
from tests.lifecycle.shop import FUNCTION, Shop

KEEPS = Knobs(create_seconds=0.05, update_seconds=0.05, same_image_update="keep")
REPLACES = Knobs(create_seconds=0.05, update_seconds=0.05, update_merge="replace")
CHILD = Knobs(create_seconds=0.05, update_seconds=0.05, resolved_digest="child")
OTHERWISE = Knobs(digest_prefix="prefixed", acr_tag_order="scattered", acr_next_token=False, acr_not_exist="http-404")
ASYNC = Knobs(create_seconds=0.05, update_seconds=0.05, missing_image="async")


@pytest.mark.parametrize("knobs", [KEEPS], ids=["FC keeps the digest of an unchanged tag"])
def test_a_moved_tag_that_fc_does_not_read_again_is_a_failure_with_a_way_out(shop: Shop) -> None:
    shop.push("main", "v1")
    shop.configure({FUNCTION: shop.entry(policy={"digest": {"tag": "main"}})})
    shop.up()
    shop.push("main", "v2")
    done = shop.stack.up()
    assert done.code == 1
    assert "under a new tag" in done.output


@pytest.mark.parametrize("knobs", [REPLACES], ids=["FC replaces customContainerConfig"])
def test_what_is_not_managed_survives_a_cloud_that_replaces_the_block(shop: Shop) -> None:
    shop.push("main-1")
    shop.create_by_hand("main-1")
    shop.push("main-2")
    shop.configure({FUNCTION: shop.entry(config=None)})
    shop.up()
    assert shop.cloud.function(FUNCTION)["customContainerConfig"]["port"] == 8080


@pytest.mark.parametrize("knobs", [CHILD], ids=["FC resolves an index to its child"])
def test_an_index_and_its_child_are_one_image(shop: Shop) -> None:
    index = shop.push("main-1", platforms=["linux/amd64", "linux/arm64"])
    shop.up()
    assert not shop.deployed().endswith(index)
    shop.preview("--expect-no-changes")
    assert shop.stack.preview("--refresh", "--expect-no-changes").code == 0


@pytest.mark.parametrize("knobs", [OTHERWISE], ids=["every other form of ACR's answers"])
def test_acr_may_answer_otherwise(shop: Shop) -> None:
    shop.push("main-1")
    newest = shop.push("main-2")
    shop.up()
    assert shop.deployed() == f"main-2@{newest}"
    shop.preview("--expect-no-changes")


@pytest.mark.parametrize("knobs", [ASYNC], ids=["FC finds out later that an image is missing"])
def test_an_image_that_vanishes_while_fc_deploys_it_is_a_failed_update(shop: Shop) -> None:
    old = shop.push("main-1")
    shop.up()
    new = shop.push("main-2")
    vanish = {"repository": "shop/app", "reference": new}
    last_look = {"action": "GetRepoTag", "verb": "delete_manifest", "arguments": vanish}
    shop.cloud.after_next("GetFunction", "after_next", last_look)
    done = shop.stack.up()
    assert done.code == 1
    assert "old image keeps serving" in done.output
    assert shop.stack.resources()[0]["outputs"]["digest"] == old
