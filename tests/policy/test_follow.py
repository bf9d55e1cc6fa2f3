"""The follow order: what another stack runs."""

from datetime import UTC, datetime
from typing import Any

import pytest

from fcpin.errors import InvalidPolicy
from fcpin.image import Digest, TagRecord
from fcpin.policy import Policy, Ranking
from tests.policy.choosing import choose, chosen, reasons
from tests.support.tables import table

NOW = datetime(2026, 11, 22, tzinfo=UTC)
RUNS, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def spec(**rest: Any) -> dict[str, Any]:
    return {"policy": {"follow": {"stack": "dev", "image": f"r.example.com/shop/app:main-11@{RUNS}", **rest}}}


def test_what_the_other_stack_runs_is_chosen_whatever_is_newer() -> None:
    selection = choose(spec(), ["main-10", "main-11", "main-12"])
    assert selection.chosen is not None
    assert selection.chosen.tag == "main-11"
    assert reasons(selection)["main-12"] == "is not what dev runs: main-11@sha256:aaaaaaaaaaaa"
    assert chosen(spec(), ["main-11", "main-12"], current="main-12") == "main-11", "going back is followed"
    assert chosen(spec(), ["main-12"]) is None, "this repository has no such tag"


def test_a_tag_that_moved_since_is_refused() -> None:
    policy = Policy.from_spec(spec())
    selection = Ranking(policy, [TagRecord("main-11", Digest(RUNS))]).select()
    policy.confirm(selection, TagRecord("main-11", Digest(RUNS)))
    with pytest.raises(InvalidPolicy, match="run `up` for dev first"):
        policy.confirm(selection, TagRecord("main-11", Digest(OTHER)))


@pytest.mark.parametrize("mode", ["require", "prefer", "ignore"])
def test_an_accelerated_image_is_followed_by_its_original_and_deployed_by_the_accelerated_option(mode: str) -> None:
    image = f"r.example.com/shop/app:main-11_accelerated@{RUNS}"
    policy = Policy.from_spec({"policy": {"follow": {"stack": "dev", "image": image}}, "accelerated": mode})
    original, conversion = TagRecord("main-11", Digest(OTHER)), TagRecord("main-11_accelerated", Digest(RUNS))
    selection = Ranking(policy, [original, conversion, TagRecord("main-12")]).select(now=NOW)
    assert selection.chosen == (original if mode == "ignore" else conversion)
    assert selection.chosen is not None
    policy.confirm(selection, selection.chosen)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("no stack", {"image": f"app:main@{RUNS}"}, "policy.follow.stack"),
    ("a stack that runs nothing of that name", {"stack": "dev", "image": ""}, "run `up` there first"),
    ("no image", {"stack": "dev"}, "policy.follow.image: is missing"),
    ("an image without a digest", {"stack": "dev", "image": "r.example.com/shop/app:main"}, "expected host"),
    ("what is no image", {"stack": "dev", "image": "Not An Image"}, "policy.follow.image"),
    ("an unknown key", {"stack": "dev", "image": f"app:main@{RUNS}", "stak": "x"}, "policy.follow.stak"),
]


@table("follow expected", WRONG)
def test_bad_input(follow: dict[str, Any], expected: str) -> None:
    with pytest.raises(InvalidPolicy, match=expected):
        Policy.from_spec({"policy": {"follow": follow}})
