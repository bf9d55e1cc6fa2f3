"""Protected functions on the whole way: a moved tag does not reach them, and nothing is written by a preview."""

from fcpin.image import parse_digest
from fcpin.policy.tag_names import pin_tag
from tests.lifecycle.shop import FUNCTION, Shop


def pin(digest: str) -> str:
    return pin_tag(parse_digest(digest))


def test_the_same_moved_tag_with_and_without_protection(shop: Shop) -> None:
    digest = shop.push("main-1")
    shop.configure({FUNCTION: shop.entry(protect="pin_tag"), "plain": shop.entry(function_name="plain")})
    shop.up()
    shop.push("main-1", "other")
    assert shop.cloud.invoke(FUNCTION, cold=True).digest == digest
    assert shop.cloud.invoke("plain", cold=True).code == "PullImageFailed"
