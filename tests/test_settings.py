"""The stack's configuration: what is asked for all pins at once."""

import pytest

from fcpin.errors import InvalidSettings
from fcpin.settings import Settings

BYPASSES: list[tuple[str, object, dict[str, str], bool]] = [
    ("nobody asks", None, {}, False),
    ("the stack asks", "true", {}, True),
    ("the stack says no", "false", {}, False),
    ("the environment asks", None, {"FCPIN_MIN_AGE_BYPASS": "1"}, True),
    ("the environment says no", None, {"FCPIN_MIN_AGE_BYPASS": "0"}, False),
    ("the environment asks for this run alone", "false", {"FCPIN_MIN_AGE_BYPASS": "1"}, True),
]


@pytest.mark.parametrize(
    ("configured", "environment", "expected"), [row[1:] for row in BYPASSES], ids=[row[0] for row in BYPASSES]
)
def test_min_age_is_bypassed_by_stack_or_by_environment(
    configured: object, environment: dict[str, str], expected: bool
) -> None:
    settings = Settings.read({"fcpin:minAgeBypass": configured}.get, environment)
    assert settings.min_age_bypass is expected


@pytest.mark.parametrize(
    ("configured", "environment", "path"),
    [("yes", {}, "fcpin:minAgeBypass"), (None, {"FCPIN_MIN_AGE_BYPASS": "true"}, "FCPIN_MIN_AGE_BYPASS")],
)
def test_any_other_word_is_a_problem(configured: object, environment: dict[str, str], path: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Settings.read({"fcpin:minAgeBypass": configured}.get, environment)
    assert [problem.path for problem in caught.value.problems] == [path]


@pytest.mark.parametrize("key", ["fcpin:region", "alicloud:region"])
def test_what_is_no_region_is_a_problem_where_it_stands(key: str) -> None:
    with pytest.raises(InvalidSettings, match=f"{key}: expected a region such as cn-hangzhou, got 'cn hangzhou'"):
        Settings.read({key: "cn hangzhou"}.get, {})
