"""What delays a tag or leaves the pin as it is: min_age, acceleration, suspend."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord
from fcpin.policy import Policy, Ranking
from tests.policy.choosing import at, choose, chosen, ranked, reasons, tag
from tests.support.tables import table

Spec = dict[str, Any]
FAMILY: Spec = {"policy": {"family": {"name": "main"}}}
SEMVER: Spec = {"policy": {"semver": {"range": "1.x"}}}
IGNORE, PREFER, REQUIRE = (FAMILY | {"accelerated": mode} for mode in ("ignore", "prefer", "require"))
WAIT = PREFER | {"accelerated_wait": "2h"}
PREFER_VERSIONS = SEMVER | {"accelerated": "prefer"}
AGED, AGED_VERSIONS = (spec | {"min_age": "2h"} for spec in (FAMILY, SEMVER))
AGED_DIGEST: Spec = {"policy": {"digest": {"tag": "main"}}, "min_age": "2h"}
BACK = {"allow_downgrade": True}
UNTIL = "2027-01-01T00:00:00Z"
SUSPENDED: Spec = {"policy": {"newest": {}}, "suspend": True}
HELD = SUSPENDED | {"hold": {"tag": "a", "until": UNTIL}}


def fast(name: str, pushed: int | None = None, *, status: str = "NORMAL") -> TagRecord:
    return tag(f"{name}_accelerated", pushed, status=status)


ONE = [tag("main-1", 1), fast("main-1", 2), tag("main-2", 9)]
BOTH = [*ONE, fast("main-2", 10)]
YOUNG = [tag("main-1", 1), tag("main-2", 9)]
LONG = "x" * 120

SELECTIONS = [
    # label, spec, tags pushed at hours, current, chosen at hour 10
    ("min_age: the newest that is old enough", AGED, [tag("main-1", 1), tag("main-2", 7), tag("main-3", 9)], None, "main-2"),
    ("min_age: a push an hour starves no function", AGED, [tag(f"main-{hour}", hour) for hour in range(11)], None, "main-8"),
    ("min_age: a registry whose clock is ahead", AGED, [tag("main-1", 1), tag("main-2", 11)], None, "main-1"),
    ("min_age: without a push time", AGED_VERSIONS, [tag("1.0.0", 1), tag("1.1.0")], None, "1.0.0"),
    ("min_age: nothing is old enough, nothing deployed", AGED, [tag("main-1", 9)], None, None),
    ("min_age: nothing is old enough, something deployed", AGED, [tag("main-1", 9)], "main-0", "keeps main-0"),
    ("min_age: a changed policy waits for its first tag", AGED, [tag("main-1", 9)], "dev-1", "keeps dev-1"),
    ("min_age: a deployed tag that is too young stays", AGED, YOUNG, "main-2", "keeps main-2"),
    ("min_age: it stays with allow_downgrade", AGED | BACK, YOUNG, "main-2", "keeps main-2"),
    ("min_age: it stays if it is the only one", AGED, [tag("main-2", 9)], "main-2", "keeps main-2"),
    ("min_age: it goes for something newer", AGED_VERSIONS, [tag("1.0.0", 9), tag("1.1.0", 1)], "1.0.0", "1.1.0"),
    ("min_age: a moved tag matures again", AGED_DIGEST, [tag("main", 9)], "main", "keeps main"),
    ("min_age: a moved tag that has matured exactly", AGED_DIGEST, [tag("main", 8)], "main", "main"),
    ("min_age: a hold ignores it", AGED | {"hold": {"tag": "main-2", "until": UNTIL}}, YOUNG, "main-1", "main-2"),
    ("min_age: none", AGED | {"min_age": "0s"}, [tag("main-1", 1), tag("main-2", 10)], None, "main-2"),
    ("accelerated: by default no candidates", FAMILY, BOTH, None, "main-2"),
    ("ignore: no candidates either", IGNORE, BOTH, None, "main-2"),
    ("prefer: the original is ordered", PREFER, [tag("main-1", 1), fast("main-1", 10), tag("main-2", 9), fast("main-2", 9)], None, "main-2_accelerated"),
    ("prefer: versions are read from the original", PREFER_VERSIONS, ["1.9.0", "1.10.0", "1.10.0_accelerated"], None, "1.10.0_accelerated"),
    ("prefer: a conversion without its original", PREFER, [fast("main-1", 1)], None, None),
    ("prefer: the original without one", PREFER, ONE, None, "main-2"),
    ("prefer: a conversion that came later", PREFER, BOTH, "main-2", "main-2_accelerated"),
    ("prefer: back to the original of one that is gone", PREFER, ONE, "main-2_accelerated", "main-2"),
    ("prefer: waits, and takes what is converted meanwhile", WAIT, ONE, None, "main-1_accelerated"),
    ("prefer: waits no longer than accelerated_wait", WAIT, [tag("main-1", 1), fast("main-1", 2), tag("main-2", 8)], None, "main-2"),
    ("prefer: does not wait for what is there", WAIT, BOTH, None, "main-2_accelerated"),
    ("prefer: waits at what is deployed", WAIT, [tag("main-2", 9)], "main-1", "keeps main-1"),
    ("prefer: does not take back what should have waited", WAIT, ONE, "main-2", "keeps main-2"),
    ("prefer: without a push time the wait has no end", PREFER_VERSIONS | {"accelerated_wait": "2h"}, ["1.0.0"], None, None),
    ("prefer: a name too long for a conversion", {"newest": {}, "accelerated": "prefer"}, [tag(LONG, 1), fast(LONG, 2)], None, LONG),
    ("prefer: names the family as its original does", {"family": {}, "accelerated": "prefer"}, BOTH, "main-1_accelerated", "main-2_accelerated"),
    ("prefer: the age is the original's", PREFER | {"min_age": "2h"}, [tag("main-1", 8), fast("main-1", 10)], None, "main-1_accelerated"),
    ("prefer: a hold at the original", PREFER | {"hold": {"tag": "main-1", "until": UNTIL}}, BOTH, None, "main-1"),
    ("prefer: a hold at a conversion", PREFER | {"hold": {"tag": "main-1_accelerated", "until": UNTIL}}, BOTH, None, "main-1_accelerated"),
    ("require: takes what is converted", REQUIRE, ONE, None, "main-1_accelerated"),
    ("require: takes nothing else", REQUIRE, [tag("main-1", 1)], None, None),
    ("require: does not go back for it", REQUIRE, ONE, "main-2", "keeps main-2"),
    ("require: one that is being deleted", REQUIRE, [tag("main-1", 1), fast("main-1", 2, status="DELETING")], None, None),
    ("require: one older than its original is of another image", REQUIRE, [fast("main-1", 1), tag("main-1", 2)], None, None),
    ("deployed: counts as its original", IGNORE, [tag("main-1", 1)], "main-2_accelerated", "keeps main-2_accelerated"),
    ("containerd: counts as its original", IGNORE, [tag("main-1", 1)], "main-2_containerd_accelerated", "keeps main-2_containerd_accelerated"),
    ("containerd: is replaced", PREFER, [*BOTH, tag("main-2_containerd_accelerated", 11)], "main-2_containerd_accelerated", "main-2_accelerated"),
    ("containerd: is no candidate", {"newest": {}}, [tag("main-1", 1), tag("main-1_containerd_accelerated", 2)], None, "main-1"),
    ("suspend: a newer tag is there", SUSPENDED, YOUNG, "x", "keeps x"),
    ("suspend: no tag is there at all", SUSPENDED, [], "x", "keeps x"),
    ("suspend: it may go back", SUSPENDED | BACK, YOUNG, "x", "keeps x"),
    ("suspend: it is held at another tag", HELD, [tag("a", 1), tag("b", 2)], "x", "keeps x"),
    ("suspend: no tag qualifies", {"family": {"name": "z"}, "suspend": True}, YOUNG, "x", "keeps x"),
    ("suspend: false", SUSPENDED | {"suspend": False}, [tag("a", 1), tag("b", 2)], "a", "b"),
]  # fmt: skip


@table("spec tags current expected", SELECTIONS)
def test_selections(
    spec: Mapping[str, object], tags: list[str | TagRecord], current: str | None, expected: str | None
) -> None:
    for listing in (tags, tags[::-1]):
        assert chosen(spec, listing, current, now=10) == expected


def test_every_tag_that_matures_has_its_time() -> None:
    tags = [tag("main-1", 1), tag("main-2", 9), tag("main-3"), tag("dev-1", 9)]
    found = reasons(choose(AGED, tags, now=10))
    assert found["main-2"] == "matures at 2026-01-01T11:00:00Z (min_age 2h)"
    assert "no push time" in found["main-3"]
    assert "family" in found["dev-1"], "it would not be deployed at any age"


def test_those_that_would_be_chosen_are_warned_of_the_newest_first() -> None:
    tags = [tag("1.9.0", 1), tag("1.1.0", 9), *(tag(f"1.{minor}.0", 9) for minor in range(10, 15))]
    (warning,) = choose(AGED_VERSIONS, tags, now=10).warnings
    assert "1.1.0" not in warning, "1.9.0 is newer"
    assert warning.index("1.14.0") < warning.index("1.13.0") < warning.index("1.12.0")
    assert "2026-01-01T11:00:00Z" in warning
    assert "and 2 more" in warning
    assert choose(AGED, [tag("main-1", 1)], now=10).warnings == ()


@pytest.mark.parametrize("current", [None, "main-0"])
def test_where_all_are_too_young_the_reason_names_them(current: str | None) -> None:
    reason = choose(AGED, [tag("main-1", 9)], current, now=10).reason
    assert "main-1 matures at 2026-01-01T11:00:00Z" in reason


def test_a_deployed_tag_that_stays_has_its_reason() -> None:
    selection = choose(AGED | BACK, YOUNG, "main-2", now=10)
    assert all(fact in selection.reason for fact in ("main-2 is deployed already", "main-1", "older by push time"))
    assert "allow_downgrade" not in selection.reason


def the_problem(spec: Spec, tags: list[str | TagRecord], current: str | None = None) -> tuple[str, str]:
    with pytest.raises(InvalidPolicy) as caught:
        choose(spec, tags, current)
    (problem,) = caught.value.problems
    return problem.path, problem.reason


def test_a_registry_without_push_times_is_a_problem_and_nothing_is_kept() -> None:
    path, reason = the_problem(AGED | {"on_empty": "keep"}, ["main-1", "main-2"], "main-1")
    assert path == "min_age"
    assert all(fact in reason for fact in ("push time", "ACR Enterprise"))


def test_a_bypass_takes_the_newest_needs_no_push_times_and_is_named() -> None:
    selection = ranked(AGED, YOUNG).select(now=at(10), min_age_bypass=True)
    assert selection.chosen == YOUNG[1]
    for text in (selection.reason, selection.summary):
        assert "min_age 2h bypassed" in text
    assert ranked(AGED, ["main-1", "main-2"]).select(now=at(10), min_age_bypass=True).chosen is not None
    assert "bypassed" not in ranked({"newest": {}}, [tag("a", 9)]).select(min_age_bypass=True).summary


def test_the_reason_names_which_of_original_and_conversion_is_deployed() -> None:
    converted = choose(PREFER, BOTH, now=10)
    assert converted.reason == "newest of 2 of 4 tags by push time; as main-2_accelerated"
    assert reasons(converted)["main-2"] == "is deployed as main-2_accelerated"
    assert "main-2_accelerated" not in reasons(converted)
    assert "no accelerated image" in choose(PREFER, ONE, now=10).summary
    assert "accelerated" not in choose(IGNORE, BOTH, now=10).summary
    assert choose(PREFER, BOTH, "main-2_accelerated", now=10).reason.startswith("already the newest")
    assert not choose(PREFER, BOTH, "main-2", now=10).reason.startswith("already")


def test_what_waits_for_its_conversion_has_its_end_and_a_warning() -> None:
    selection = choose(WAIT, ONE, now=10)
    until = "waits for its accelerated image until 2026-01-01T11:00:00Z (accelerated_wait 2h)"
    assert reasons(selection)["main-2"] == until
    (warning,) = selection.warnings
    assert f"main-2 {until}" in warning
    assert "no accelerated image" in reasons(choose(REQUIRE, ONE, now=10))["main-2"]


def test_a_suspension_is_named_with_its_hold_and_needs_a_pin_to_stay_on() -> None:
    assert "suspend" in choose(SUSPENDED, ["a", "b"], "b").reason
    assert "hold at a" in choose(HELD, ["a", "b"], "b").reason
    assert reasons(choose(SUSPENDED, ["a", "b"], "b")) == dict.fromkeys("ab", "was not considered: suspend is true")
    path, reason = the_problem(SUSPENDED, ["a", "b"])
    assert path == "suspend"
    assert "deployed pin" in reason


def test_a_suspension_needs_neither_build_times_nor_the_time() -> None:
    policy = Policy.from_spec({**HELD, "policy": {"newest": {"by": "created"}}})
    assert Ranking(policy, [TagRecord("a")]).needs_build_times() == ()
    assert Ranking(policy, []).select("a").keep


DURATIONS = [("90s", 90), ("2h", 7200), ("1h30m", 5400), ("1.5h", 5400), ("7d", 604800), ("1d12h", 129600), ("0s", 0)]


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_durations(text: str, seconds: float) -> None:
    policy = Policy.from_spec(AGED | {"min_age": text})
    assert policy.min_age is not None
    assert policy.min_age.length == timedelta(seconds=seconds)
