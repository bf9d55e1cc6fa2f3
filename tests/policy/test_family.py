"""The family order: who is a relative, and which relative is newest."""

import pytest

from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord
from fcpin.policy import Policy, Ranking
from tests.policy.choosing import choose, chosen, reasons, tag

MAIN = {"policy": {"family": {"name": "main"}}}
UNNAMED: dict[str, object] = {"policy": {"family": {}}}
SEED = {"policy": {"family": {"name": "a-b", "rule": "seed"}}}

SELECTIONS = [
    # label, spec, tags, current, chosen
    ("the relative pushed last", MAIN, [tag("main-aa", 3), tag("main-bb", 2)], None, "main-aa"),
    ("push time beats the number", MAIN, [tag("main-1", 9), tag("main-2", 1)], None, "main-1"),
    ("without push times the greatest number", MAIN, ["main-2", "main-11", "main-9"], None, "main-11"),
    ("numbers of any length", MAIN, [f"main-1{'0' * 60}1", f"main-1{'0' * 60}2"], None, f"main-1{'0' * 60}2"),
    ("without either the one built last", MAIN, [tag("main-aa", created=1), tag("main-bb", created=2)], None, "main-bb"),
    ("one hash among numbers: numbers order nothing", MAIN, ["main-1", "main-2", "main-0a1b2c3"], None, None),
    ("a single relative needs no order", MAIN, ["main-0a1b2c3", "other-1"], None, "main-0a1b2c3"),
    ("the bare tag is the family's name, not a relative", MAIN, ["main"], None, None),
    ("a function on the bare tag may move to a relative", MAIN, ["main", "main-11"], "main", "main-11"),
    ("the bare tag moves even if it was pushed later", MAIN, [tag("main", 9), tag("main-11", 1)], "main", "main-11"),
    ("another suffix makes another family", MAIN, ["main-11", "main-12-arm64"], None, "main-11"),
    ("a name that begins alike is another family", MAIN, ["main-1", "main2-5", "maintenance-9"], None, "main-1"),
    ("no dash at the end without a suffix", MAIN, ["main-"], None, None),
    ("without a name the family of the current tag", UNNAMED, ["main-2", "main-33", "dev-99"], "main-2", "main-33"),
    ("without a name the bare current tag names it", UNNAMED, ["main-2", "main-33", "dev-99"], "main", "main-33"),
    ("everything before the last dash is the name", UNNAMED, ["rel-a-1", "rel-b-2"], "rel-a-1", "rel-a-1"),
    ("the seed's rule compares the first segment", SEED, ["a-b-1", "a-c-2", "a-3", "x-b-4"], None, "a-c-2"),
    ("the family is one of extracted values", {
        "policy": {"family": {"name": "main"}},
        "filter_tags": {"pattern": r"^(main-\d+)-amd64$", "extract": "$1"},
    }, ["main-2-amd64", "main-10-amd64", "main-11-arm64"], None, "main-10-amd64"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "tags", "current", "expected"), [pytest.param(*row[1:], id=row[0]) for row in SELECTIONS]
)
def test_selections(
    spec: dict[str, object], tags: list[str | TagRecord], current: str | None, expected: str | None
) -> None:
    assert chosen(spec, tags, current) == expected


def test_a_tag_of_another_family_is_rejected_with_the_family() -> None:
    assert "family main-*" in reasons(choose(MAIN, ["main-1", "dev-2"]))["dev-2"]


def test_relatives_that_cannot_be_ordered_have_a_reason() -> None:
    selection = choose(MAIN, ["main-0a1b2c3", "main-4d5e6f7"])
    assert selection.chosen is None
    assert "build time" in selection.reason


def test_a_policy_without_a_name_needs_a_current_tag() -> None:
    with pytest.raises(InvalidPolicy, match=r"policy\.family\.name") as caught:
        choose(UNNAMED, ["main-1"])
    assert "current tag" in str(caught.value)


def test_build_times_are_wanted_only_where_nothing_else_orders() -> None:
    policy = Policy.from_spec(MAIN)
    hashes = [TagRecord("main-bb"), TagRecord("main-aa"), TagRecord("dev-cc"), tag("main-dd", created=1)]
    assert Ranking(policy, hashes).needs_build_times() == ["main-aa", "main-bb"]
    assert Ranking(policy, [TagRecord("main-1"), TagRecord("main-2")]).needs_build_times() == []
    assert Ranking(policy, [tag("main-aa", 1), tag("main-bb", 2)]).needs_build_times() == []
    assert Ranking(policy, [TagRecord("main-aa")]).needs_build_times() == []
    assert Ranking(Policy.from_spec(UNNAMED), hashes).needs_build_times("dev-1") == []
