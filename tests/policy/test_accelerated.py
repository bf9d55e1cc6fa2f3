"""Conversions of ACR Enterprise. In the order of the module's rules."""

from collections.abc import Mapping

import pytest

from fcpin.image import TagRecord
from tests.policy.choosing import choose, chosen, reasons, tag

FAMILY: dict[str, object] = {"policy": {"family": {"name": "main"}}}
IGNORE = FAMILY | {"accelerated": "ignore"}
PREFER = FAMILY | {"accelerated": "prefer"}
REQUIRE = FAMILY | {"accelerated": "require"}
WAIT = PREFER | {"accelerated_wait": "2h"}
VERSIONS: dict[str, object] = {"policy": {"semver": {"range": "1.x"}}, "accelerated": "prefer"}


def fast(name: str, pushed: int | None = None, *, status: str = "NORMAL") -> TagRecord:
    return tag(f"{name}_accelerated", pushed, status=status)


ONE = [tag("main-1", 1), fast("main-1", 2), tag("main-2", 9)]
BOTH = [*ONE, fast("main-2", 10)]

SELECTIONS = [
    # label, spec, tags pushed at hours, current, chosen at hour 10
    ("by default conversions are no candidates", FAMILY, BOTH, None, "main-2"),
    ("ignored they are none either", IGNORE, BOTH, None, "main-2"),
    ("the original is ordered, not its conversion", PREFER, [tag("main-1", 1), fast("main-1", 10), tag("main-2", 9), fast("main-2", 9)], None, "main-2_accelerated"),
    ("versions are read from the original", VERSIONS, ["1.9.0", "1.10.0", "1.10.0_accelerated"], None, "1.10.0_accelerated"),
    ("a conversion without its original is none of a family", PREFER, [fast("main-1", 1)], None, None),
    ("prefer takes the conversion", PREFER, BOTH, None, "main-2_accelerated"),
    ("prefer takes the original without one", PREFER, ONE, None, "main-2"),
    ("prefer moves on to a conversion that came later", PREFER, BOTH, "main-2", "main-2_accelerated"),
    ("prefer goes back to the original of one that is gone", PREFER, ONE, "main-2_accelerated", "main-2"),
    ("prefer waits, and takes what is converted meanwhile", WAIT, ONE, None, "main-1_accelerated"),
    ("prefer waits no longer than accelerated_wait", WAIT, [tag("main-1", 1), fast("main-1", 2), tag("main-2", 8)], None, "main-2"),
    ("prefer waits for nothing that is there", WAIT, BOTH, None, "main-2_accelerated"),
    ("prefer waits at what is deployed", WAIT, [tag("main-2", 9)], "main-1", "keeps main-1"),
    ("prefer does not take back what should have waited", WAIT, ONE, "main-2", "keeps main-2"),
    ("without a push time the wait has no end", VERSIONS | {"accelerated_wait": "2h"}, ["1.0.0"], None, None),
    ("require takes what is converted", REQUIRE, ONE, None, "main-1_accelerated"),
    ("require takes nothing that is not", REQUIRE, [tag("main-1", 1)], None, None),
    ("require does not go back for it", REQUIRE, ONE, "main-2", "keeps main-2"),
    ("a conversion being deleted is none", REQUIRE, [tag("main-1", 1), fast("main-1", 2, status="DELETING")], None, None),
    ("a conversion older than its original is of another image", REQUIRE, [fast("main-1", 1), tag("main-1", 2)], None, None),
    ("a conversion whose name is too long for a tag is none", {"policy": {"newest": {}}, "accelerated": "prefer"}, [tag("x" * 120, 1), fast("x" * 120, 2)], None, "x" * 120),
    ("a deployed conversion counts as its original", IGNORE, [tag("main-1", 1)], "main-2_accelerated", "keeps main-2_accelerated"),
    ("a deployed conversion for containerd counts as its original", IGNORE, [tag("main-1", 1)], "main-2_containerd_accelerated", "keeps main-2_containerd_accelerated"),
    ("and is replaced by the conversion", PREFER, [*BOTH, tag("main-2_containerd_accelerated", 11)], "main-2_containerd_accelerated", "main-2_accelerated"),
    ("a conversion for containerd is no candidate", {"policy": {"newest": {"by": "pushed"}}}, [tag("main-1", 1), tag("main-1_containerd_accelerated", 2)], None, "main-1"),
    ("it names the family as its original does", {"policy": {"family": {}}, "accelerated": "prefer"}, BOTH, "main-1_accelerated", "main-2_accelerated"),
    ("the age is the original's", PREFER | {"min_age": "2h"}, [tag("main-1", 8), fast("main-1", 10)], None, "main-1_accelerated"),
    ("a hold at the original deploys the original", PREFER | {"hold": {"tag": "main-1", "until": "2027-01-01T00:00:00Z"}}, BOTH, None, "main-1"),
    ("a hold may name a conversion", PREFER | {"hold": {"tag": "main-1_accelerated", "until": "2027-01-01T00:00:00Z"}}, BOTH, None, "main-1_accelerated"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "tags", "current", "expected"), [pytest.param(*row[1:], id=row[0]) for row in SELECTIONS]
)
def test_selections(
    spec: Mapping[str, object], tags: list[str | TagRecord], current: str | None, expected: str | None
) -> None:
    for listing in (tags, tags[::-1]):
        assert chosen(spec, listing, current, now=10) == expected


def test_the_reason_names_which_of_the_two_is_deployed() -> None:
    converted = choose(PREFER, BOTH, now=10)
    assert converted.reason == "newest of 2 of 4 tags by push time; as main-2_accelerated"
    assert reasons(converted)["main-2"] == "is deployed as main-2_accelerated"
    assert "main-2_accelerated" not in reasons(converted)
    assert "no accelerated image" in choose(PREFER, ONE, now=10).summary
    assert "accelerated" not in choose(IGNORE, BOTH, now=10).summary


def test_a_deployed_conversion_is_already_the_newest() -> None:
    assert choose(PREFER, BOTH, "main-2_accelerated", now=10).reason.startswith("already the newest")
    assert not choose(PREFER, BOTH, "main-2", now=10).reason.startswith("already")


def test_what_waits_has_its_end_and_a_warning() -> None:
    selection = choose(WAIT, ONE, now=10)
    until = "waits for its accelerated image until 2026-01-01T11:00:00Z (accelerated_wait 2h)"
    assert reasons(selection)["main-2"] == until
    (warning,) = selection.warnings
    assert f"main-2 {until}" in warning
    assert "no accelerated image" in reasons(choose(REQUIRE, ONE, now=10))["main-2"]
