"""The newest order: by push time or by build time."""

from fcpin.image import TagRecord
from fcpin.policy import Policy, Ranking
from tests.policy.choosing import choose, chosen, reasons, tag

PUSHED: dict[str, object] = {"policy": {"newest": {}}}
CREATED = {"policy": {"newest": {"by": "created"}}}


def test_the_tag_pushed_last() -> None:
    assert chosen(PUSHED, [tag("a", 1, created=9), tag("b", 3, created=1), tag("c", 2)]) == "b"


def test_the_tag_built_last() -> None:
    assert chosen(CREATED, [tag("a", 1, created=9), tag("b", 3, created=1)]) == "a"


def test_a_tag_without_the_time_is_rejected_for_that() -> None:
    selection = choose(PUSHED, [tag("a", 1), tag("b", created=5)])
    assert selection.chosen is not None
    assert selection.chosen.tag == "a"
    assert "push time" in reasons(selection)["b"]
    assert "build time" in reasons(choose(CREATED, [tag("a", 1), tag("b", created=5)]))["a"]


def test_a_registry_without_push_times_leaves_nothing_to_choose() -> None:
    selection = choose(PUSHED, ["a", "b"])
    assert selection.chosen is None
    assert "push time" in selection.reason


def test_the_same_time_is_a_tie_that_the_name_decides() -> None:
    selection = choose(PUSHED, [tag("a", 1), tag("b", 1)])
    assert selection.chosen is not None
    assert selection.chosen.tag == "b"
    assert "ties with a" in selection.reason


def test_build_times_are_wanted_by_the_order_that_needs_them() -> None:
    tags = [TagRecord("b"), TagRecord("a"), tag("c", created=1), TagRecord("sha256-" + "0" * 64)]
    assert Ranking(Policy.from_spec(CREATED), tags).needs_build_times() == ["a", "b"]
    assert Ranking(Policy.from_spec(PUSHED), tags).needs_build_times() == []
