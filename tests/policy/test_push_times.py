"""What was chosen by push time is not replaced by what is chosen otherwise: it may be older."""

from typing import Any

import pytest

from fcpin.image import TagRecord
from fcpin.policy import Policy, Ranking, Selection
from tests.policy.choosing import tag

RELEASE: dict[str, Any] = {"policy": {"family": {"name": "release"}}}
NAMES = ["release-9", "release-10"]


def select(spec: dict[str, Any], tags: list[Any], current: str | None = None, by: str = "") -> Selection:
    records = [TagRecord(one) if isinstance(one, str) else one for one in tags]
    return Ranking(Policy.from_spec(spec), records).select(current, current_by=by)


def test_a_selection_has_what_it_compared() -> None:
    assert select(RELEASE, [tag("release-10", 1), tag("release-9", 2)]).by == "push time"
    assert select(RELEASE, NAMES).by == "number"
    assert select({"policy": {"semver": {"range": "*"}}}, ["1.0.0"]).by == "version"


KEPT: list[tuple[str, list[Any]]] = [
    ("a greater number", NAMES),
    ("a greater number, the deployed one gone", ["release-10", "release-11"]),
    ("a later build", [tag("release-9", created=1), tag("release-abc", created=2)]),
    ("the only one that is left", ["release-10"]),
]


@pytest.mark.parametrize(("label", "tags"), KEPT, ids=[row[0] for row in KEPT])
def test_a_pin_chosen_by_push_time_is_kept_while_there_are_none(label: str, tags: list[Any]) -> None:
    selection = select(RELEASE, tags, "release-9", "push time")
    assert selection.keep
    assert "was chosen by push time: the registry returns no push times now" in selection.reason
    assert "allow_downgrade" in selection.reason


def test_it_goes_on_being_a_pin_chosen_by_push_time() -> None:
    selection = select(RELEASE, ["release-8", "release-9"], "release-9", "push time")
    assert selection.chosen is not None
    assert (selection.chosen.tag, selection.by) == ("release-9", "push time")


CHANGED: list[tuple[str, dict[str, Any], list[Any], str, str]] = [
    ("push times are back", RELEASE, [tag("release-9", 1), tag("release-10", 2)], "push time", "release-10"),
    ("it was chosen by number", RELEASE, NAMES, "number", "release-10"),
    ("a state of an older version", RELEASE, NAMES, "", "release-10"),
    ("the user allows it", {**RELEASE, "allow_downgrade": True}, NAMES, "push time", "release-10"),
    ("the user wants numbers", {"policy": {"numerical": {}}, "filter_tags": {"pattern": r"^release-(\d+)$", "extract": "$1"}}, NAMES, "push time", "release-10"),
    ("the user wants another family", {"policy": {"family": {"name": "main"}}}, [*NAMES, "main-1"], "push time", "main-1"),
]  # fmt: skip


@pytest.mark.parametrize(("label", "spec", "tags", "by", "expected"), CHANGED, ids=[row[0] for row in CHANGED])
def test_it_is_replaced_where(label: str, spec: dict[str, Any], tags: list[Any], by: str, expected: str) -> None:
    selection = select(spec, tags, "release-9", by)
    assert selection.chosen is not None
    assert selection.chosen.tag == expected
