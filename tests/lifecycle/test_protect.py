"""Protected functions on the whole way: a moved tag does not reach them, and nothing is written by a preview."""

from fcpin.image import parse_digest, pin_tag
from tests.lifecycle.stack_harness import FUNCTION, StackHarness


def pin(digest: str) -> str:
    return pin_tag(parse_digest(digest))


def test_the_same_moved_tag_with_and_without_protection(harness: StackHarness) -> None:
    digest = harness.push("main-1")
    harness.configure({FUNCTION: harness.entry(protect="pin_tag"), "plain": harness.entry(function_name="plain")})
    harness.up()
    harness.push("main-1", "other")
    assert harness.cloud.invoke(FUNCTION, cold=True).digest == digest
    assert harness.cloud.invoke("plain", cold=True).code == "PullImageFailed"
