"""Protected functions on the whole way: a moved tag does not reach them, and nothing is written by a preview."""

import json

from fcpin.image import parse_digest
from fcpin.layout import shorten
from fcpin.policy.tag_names import pin_tag
from tests.lifecycle.shop import FUNCTION, PATH, Shop


def pin(digest: str) -> str:
    return pin_tag(parse_digest(digest))


def test_the_same_moved_tag_with_and_without_protection(shop: Shop) -> None:
    digest = shop.push("main-1")
    shop.configure({FUNCTION: shop.entry(protect="pin_tag"), "plain": shop.entry(function_name="plain")})
    shop.up()
    shop.push("main-1", "other")
    assert shop.cloud.invoke(FUNCTION, cold=True).digest == digest
    assert shop.cloud.invoke("plain", cold=True).code == "PullImageFailed"


def test_preview_shows_the_tag_and_what_fc_will_get_and_later_runs_are_quiet(shop: Shop) -> None:
    shop.configure({FUNCTION: shop.entry(protect="pin_tag")})
    first = shop.push("main-1")
    shown = shop.preview("--diff").output
    assert f"{shop.repository}:main-1@{shorten(first)}" in shown
    assert f"{shop.repository}:{pin(first)}" in shown
    assert list(shop.cloud.tags(PATH)) == ["main-1"]
    shop.up()
    assert shop.deployed() == f"{pin(first)}@{first}"
    assert shop.stack.refresh("--expect-no-changes").code == 0
    shop.preview("--expect-no-changes")
    second = shop.push("main-2")
    shop.up()
    assert set(shop.cloud.tags(PATH)) == {pin(first), pin(second), "main-1", "main-2"}


def test_a_state_of_an_earlier_version_is_no_difference(shop: Shop) -> None:
    """It has the input `protect_grace` and the output `released_pins`."""
    shop.configure({FUNCTION: shop.entry(protect="pin_tag")})
    shop.push("main-1")
    shop.up()
    document = json.loads(shop.stack.state_file.read_text())
    for resource in document["checkpoint"]["latest"]["resources"]:
        if resource["type"].startswith("pulumi-python:dynamic"):
            released = {f"{shop.repository}:fcpin-0123456789ab": "2026-11-22T12:00:00Z"}
            resource["inputs"] |= {"protect_grace": "0s"}
            resource["outputs"] |= {"protect_grace": "0s", "released_pins": released}
    shop.stack.state_file.write_text(json.dumps(document))
    shop.preview("--expect-no-changes")
    assert shop.stack.refresh("--expect-no-changes").code == 0
    shop.preview("--expect-no-changes")
    shop.push("main-2")
    shop.up()
    (resource,) = shop.stack.resources()
    assert not {"protect_grace", "released_pins"} & resource["outputs"].keys()
