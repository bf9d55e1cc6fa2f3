"""Tags mature. In the order of the module's rules."""

from collections.abc import Mapping

import pytest

from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord
from fcpin.policy import Policy, Ranking, Selection
from tests.policy.choosing import at, choose, chosen, reasons, tag

AGED: dict[str, object] = {"policy": {"family": {"name": "main"}}, "min_age": "2h"}
VERSIONS: dict[str, object] = {"policy": {"semver": {"range": "1.x"}}, "min_age": "2h"}
DIGEST: dict[str, object] = {"policy": {"digest": {"tag": "main"}}, "min_age": "2h"}
BACK = {"allow_downgrade": True}

SELECTIONS = [
    # label, spec, tags pushed at hours, current, chosen at hour 10
    ("the newest that is old enough, not the newest if it is", AGED, [tag("main-1", 1), tag("main-2", 7), tag("main-3", 9)], None, "main-2"),
    ("a push an hour starves no function", AGED, [tag(f"main-{hour}", hour) for hour in range(11)], None, "main-8"),
    ("exactly as old as min_age is old enough", AGED, [tag("main-1", 8)], None, "main-1"),
    ("a registry whose clock is ahead", AGED, [tag("main-1", 1), tag("main-2", 11)], None, "main-1"),
    ("a tag without a push time is held back", VERSIONS, [tag("1.0.0", 1), tag("1.1.0")], None, "1.0.0"),
    ("nothing is old enough and nothing is deployed", AGED, [tag("main-1", 9)], None, None),
    ("nothing is old enough and something is deployed", AGED, [tag("main-1", 9)], "main-0", "keeps main-0"),
    ("a changed policy waits for its first tag too", AGED, [tag("main-1", 9)], "dev-1", "keeps dev-1"),
    ("a deployed tag that is too young stays", AGED, [tag("main-1", 1), tag("main-2", 9)], "main-2", "keeps main-2"),
    ("it stays with leave to go back as well", AGED | BACK, [tag("main-1", 1), tag("main-2", 9)], "main-2", "keeps main-2"),
    ("it stays if it is the only one", AGED, [tag("main-2", 9)], "main-2", "keeps main-2"),
    ("it goes when something newer is old enough", VERSIONS, [tag("1.0.0", 9), tag("1.1.0", 1)], "1.0.0", "1.1.0"),
    ("a moved tag matures again", DIGEST, [tag("main", 9)], "main", "keeps main"),
    ("a moved tag that has matured is followed", DIGEST, [tag("main", 8)], "main", "main"),
    ("a hold ignores min_age", AGED | {"hold": {"tag": "main-2", "until": "2027-01-01T00:00:00Z"}}, [tag("main-1", 1), tag("main-2", 9)], "main-1", "main-2"),
    ("no age is no wait", AGED | {"min_age": "0s"}, [tag("main-1", 1), tag("main-2", 10)], None, "main-2"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "tags", "current", "expected"), [pytest.param(*row[1:], id=row[0]) for row in SELECTIONS]
)
def test_selections(
    spec: Mapping[str, object], tags: list[TagRecord], current: str | None, expected: str | None
) -> None:
    for listing in (tags, tags[::-1]):
        assert chosen(spec, listing, current, now=10) == expected


def test_every_tag_that_matures_has_its_time() -> None:
    tags = [tag("main-1", 1), tag("main-2", 9), tag("main-3"), tag("dev-1", 9)]
    found = reasons(choose(AGED, tags, now=10))
    assert found["main-2"] == "matures at 2026-01-01T11:00:00Z (min_age 2h)"
    assert "no push time" in found["main-3"]
    assert "family" in found["dev-1"], "a stranger would not be deployed at any age"


def test_those_that_would_be_chosen_are_warned_of_the_newest_first() -> None:
    tags = [tag("1.9.0", 1), tag("1.1.0", 9), *(tag(f"1.{minor}.0", 9) for minor in range(10, 15))]
    (warning,) = choose(VERSIONS, tags, now=10).warnings
    assert "1.1.0" not in warning, "1.9.0 is newer"
    assert warning.index("1.14.0") < warning.index("1.13.0") < warning.index("1.12.0")
    assert "2026-01-01T11:00:00Z" in warning
    assert "and 2 more" in warning


def test_nothing_is_warned_of_when_all_have_matured() -> None:
    assert choose(AGED, [tag("main-1", 1)], now=10).warnings == ()


@pytest.mark.parametrize("current", [None, "main-0"])
def test_where_all_are_too_young_the_reason_names_them(current: str | None) -> None:
    reason = choose(AGED, [tag("main-1", 9)], current, now=10).reason
    assert "main-1 matures at 2026-01-01T11:00:00Z" in reason


def test_a_deployed_tag_that_stays_has_its_reason() -> None:
    selection = choose(AGED | BACK, [tag("main-1", 1), tag("main-2", 9)], "main-2", now=10)
    assert all(fact in selection.reason for fact in ("main-2 is deployed already", "main-1", "older by push time"))
    assert "allow_downgrade" not in selection.reason


def test_a_registry_without_push_times_is_a_problem_and_nothing_is_kept() -> None:
    with pytest.raises(InvalidPolicy) as caught:
        choose(AGED | {"on_empty": "keep"}, ["main-1", "main-2"], "main-1")
    (problem,) = caught.value.problems
    assert problem.path == "min_age"
    assert all(fact in problem.reason for fact in ("push time", "ACR Enterprise"))


def bypassed(tags: list[str | TagRecord], current: str | None = None) -> Selection:
    records = [TagRecord(item) if isinstance(item, str) else item for item in tags]
    return Ranking(Policy.from_spec(AGED), records).select(current, now=at(10), min_age_bypass=True)


def test_a_bypass_takes_the_newest_and_is_named() -> None:
    selection = bypassed([tag("main-1", 1), tag("main-2", 9)])
    assert selection.chosen is not None
    assert selection.chosen.tag == "main-2"
    for text in (selection.reason, selection.summary):
        assert "min_age 2h bypassed" in text
    assert bypassed(["main-1", "main-2"]).chosen is not None, "a bypass needs no push times"


def test_a_bypass_of_nothing_is_not_mentioned() -> None:
    plain = Ranking(Policy.from_spec({"policy": {"newest": {}}}), [tag("a", 9)]).select(min_age_bypass=True)
    assert "bypassed" not in plain.summary


def test_what_a_bypass_deployed_stays_in_the_next_run() -> None:
    assert chosen(AGED, [tag("main-1", 1), tag("main-2", 9)], "main-2", now=10) == "keeps main-2"


DURATIONS = [
    ("90s", 90), ("2h", 7200), ("1h30m", 5400), ("1.5h", 5400), ("7d", 604800), ("1d12h", 129600), ("0s", 0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_durations(text: str, seconds: float) -> None:
    policy = Policy.from_spec(AGED | {"min_age": text})
    assert policy.min_age is not None
    assert policy.min_age.length.total_seconds() == seconds
