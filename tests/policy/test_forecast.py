"""What the next deployments would be if only time passes."""

from collections.abc import Iterable, Mapping

from fcpin.image import TagRecord
from fcpin.policy import Policy, Ranking
from fcpin.policy.forecast import forecast
from tests.policy.choosing import at, tag
from tests.support.tables import table

FAMILY: dict[str, object] = {"family": {"name": "main"}}
AGED: dict[str, object] = FAMILY | {"min_age": "10h"}
UNTIL_50 = "2026-01-03T02:00:00Z"
TAGS = [tag("main-1", 1), tag("main-2", 42), tag("main-3", 45)]


def steps(spec: Mapping[str, object], tags: Iterable[TagRecord], current: str | None, *, now: int) -> list[tuple[int, str | None, str]]:  # fmt: skip
    """Hour, tag and occasion of each step."""
    ranking = Ranking(Policy.from_spec(spec), tags)
    found = forecast(ranking, ranking.select(current, now=at(now)), current)
    return [(round((step.change.at - at(0)).total_seconds() / 3600), step.tag, step.change.when) for step in found]


AGE, HOLD = "min_age 10h has passed", "the hold ends"
FORECASTS = [
    # label, spec, current, now, steps
    ("each newer tag when it matures", AGED, "main-1", 50, [(52, "main-2", AGE), (55, "main-3", AGE)]),
    ("one that a newer one overtakes is left out", AGED | {"allow_tags": ["main-[13]"]}, "main-1", 50, [(55, "main-3", AGE)]),
    ("none when all have matured", AGED, "main-1", 60, []),
    ("none when nothing waits", FAMILY, "main-1", 50, []),
    ("what the policy selects when the hold ends", FAMILY | {"hold": {"tag": "main-1", "until": UNTIL_50}}, "main-3", 49, [(50, "main-3", HOLD)]),
    ("then what matures", AGED | {"hold": {"tag": "main-3", "until": UNTIL_50}}, "main-3", 49, []),
    ("a hold that keeps the newest changes nothing", FAMILY | {"hold": {"tag": "main-3", "until": UNTIL_50}}, "main-3", 49, []),
    ("the first one of a function that does not exist yet", AGED | {"allow_tags": ["main-[23]"]}, None, 50, [(52, "main-2", AGE), (55, "main-3", AGE)]),
    ("nothing of a suspended pin", AGED | {"suspend": True}, "main-1", 50, []),
    ("no tag where none will qualify", {"family": {"name": "z"}, "hold": {"tag": "x", "until": UNTIL_50}}, None, 49, [(50, None, HOLD)]),
    ("no tag where there is no time to go by", {"newest": {}, "min_age": "1h", "allow_tags": ["x"], "hold": {"tag": "x", "until": UNTIL_50}}, None, 49, [(50, None, HOLD)]),
]  # fmt: skip


@table("spec current now expected", FORECASTS)
def test_forecasts(
    spec: Mapping[str, object], current: str | None, now: int, expected: list[tuple[int, str | None, str]]
) -> None:
    assert steps(spec, [*TAGS, tag("x")], current, now=now) == expected


def test_the_end_of_a_hold_that_needs_build_times_has_no_tag_and_the_reason() -> None:
    spec = FAMILY | {"hold": {"tag": "main-aa", "until": UNTIL_50}}
    ranking = Ranking(Policy.from_spec(spec), [TagRecord("main-aa"), TagRecord("main-bb")])
    (step,) = forecast(ranking, ranking.select(now=at(49)), None)
    assert (step.tag, step.change.at) == (None, at(50))
    assert "build times" in step.why


def test_no_more_than_five_steps_are_given() -> None:
    tags = [tag(f"main-{hour}", hour) for hour in range(30, 50)]
    assert [step[1] for step in steps(AGED, tags, None, now=40)] == [f"main-{hour}" for hour in range(31, 36)]
