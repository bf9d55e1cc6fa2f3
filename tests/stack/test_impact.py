"""How a function depends on a tag or an image, and why it is not known."""

from dataclasses import replace

import pytest

from fcpin.fc.model import Function
from fcpin.fc.uses import Uncertainty, Use
from fcpin.image import Image, Repository, parse_digest
from fcpin.stack.impact import Effect, Target

APP, VPC = "registry.cn-hangzhou.aliyuncs.com/shop/app", "registry-vpc.cn-hangzhou.aliyuncs.com/shop/app"
OTHER = "registry.cn-hangzhou.aliyuncs.com/shop/other"
INDEX, CHILD, ANOTHER = (parse_digest(letter * 64) for letter in "abc")
REPOSITORY = Repository.parse(APP)
TAG = Target(Image(REPOSITORY, "main-1"), (INDEX, CHILD))
NO_TAG = Target(Image(REPOSITORY, "main-1"), ())
DIGEST = Target(Image(REPOSITORY, digest=INDEX), (INDEX, CHILD))


def function(image: str, digest: str = INDEX) -> Use:
    container = {"image": image, "resolvedImageUri": f"{image.rpartition(':')[0]}@{digest}"}
    return Use("cn-hangzhou", "checkout", "", Function.from_wire({"customContainerConfig": container}))


def sandbox(image: str) -> Use:
    """Function Compute returns no digest for it."""
    return Use("cn-hangzhou", "agent", "", Function.from_wire({"microSandboxConfig": {"image": image}}))


def failed(image: str) -> Use:
    return replace(function(image, ANOTHER), uncertainty=Uncertainty("its last update failed", "update it again"))


CASES: list[tuple[str, Target, Use, Effect | None, str]] = [
    # label, what is to be moved or deleted, what runs, the effect, a part of the doubt
    ("the tag, and its index", TAG, function(f"{APP}:main-1"), Effect.BY_THIS_TAG, ""),
    ("the tag, and its child", TAG, function(f"{APP}:main-1", CHILD), Effect.BY_THIS_TAG, ""),
    ("the tag by the VPC host", TAG, function(f"{VPC}:main-1"), Effect.BY_THIS_TAG, ""),
    ("another tag of the image", TAG, function(f"{APP}:stable", CHILD), Effect.BY_ANOTHER_TAG, ""),
    ("the tag, moved since", TAG, function(f"{APP}:main-1", ANOTHER), Effect.ANOTHER_DIGEST, ""),
    ("the tag, deleted since", NO_TAG, function(f"{APP}:main-1"), Effect.ANOTHER_DIGEST, ""),
    ("another image", TAG, function(f"{APP}:main-2", ANOTHER), None, ""),
    ("another repository", TAG, function(f"{OTHER}:main-1"), None, ""),
    ("a digest, which no tag keeps", DIGEST, function(f"{APP}:main-1"), Effect.BY_ANOTHER_TAG, ""),
    ("a micro-sandbox by the tag", TAG, sandbox(f"{APP}:main-1"), Effect.BY_THIS_TAG, ""),
    ("a micro-sandbox by a deleted tag", NO_TAG, sandbox(f"{APP}:main-1"), Effect.ANOTHER_DIGEST, ""),
    ("a micro-sandbox by another tag", TAG, sandbox(f"{APP}:main-2"), None, "returns no digest for it"),
    ("a micro-sandbox of another repository", TAG, sandbox(f"{OTHER}:main-1"), None, ""),
    ("a failed update to another tag", TAG, failed(f"{APP}:main-2"), None, "its last update failed"),
    ("a failed update to another repository", TAG, failed(f"{OTHER}:main-2"), None, "its last update failed"),
    ("an image that is not valid", TAG, sandbox("::::"), None, "'::::', which is not a valid image reference"),
]


@pytest.mark.parametrize(
    ("target", "use", "effect", "doubt"), [row[1:] for row in CASES], ids=[label for label, *_ in CASES]
)
def test_a_function_depends_on_it(target: Target, use: Use, effect: Effect | None, doubt: str) -> None:
    assert target.effect_on(use) == effect
    if effect is None:
        assert doubt in target.doubt_about(use)
        assert bool(doubt) is bool(target.doubt_about(use))
