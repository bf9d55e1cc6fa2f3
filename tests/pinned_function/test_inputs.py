"""What the user wrote, read once: every problem at once, each with its property path."""

from typing import Any

import pytest

from fcpin.errors import InvalidSettings
from fcpin.pinned_function.inputs import PinArgs
from fcpin.pinned_function.keys import POLICY_KEYS, SelectionInputs

RIGHT: dict[str, Any] = {
    "function_name": "checkout",
    "repository": "registry.cn-hangzhou.aliyuncs.com/shop/app",
    "policy": {"family": {"name": "main"}},
}

WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("an unknown key", {"polcy": {}}, "polcy", "did you mean policy"),
    ("an unknown policy", {"policy": {"semvr": {"range": "1.x"}}}, "policy.semvr", "semver"),
    ("a range that is none", {"policy": {"semver": {"range": "one"}}}, "policy.semver.range", "one"),
    ("a pattern that is none", {"allow_tags": ["("]}, "allow_tags[0]", "("),
    ("a repository with a tag", {"repository": "r.example.com/a:1"}, "repository", "remove ':1'"),
    ("no repository", {"repository": None}, "repository", "is required"),
    *(
        ("an invalid function name", {"function_name": name}, "function_name", "letters")
        for name in ("1 2", "-a", "a" * 65, "a\n")
    ),
    ("a deadline of zero", {"deadline": 0}, "deadline", "more than 0"),
    ("adopt as text", {"adopt": "yes"}, "adopt", "true or false"),
    ("a setting that is none", {"config": {"cpu": "much"}}, "config.cpu", "number"),
]


@pytest.mark.parametrize(("change", "path", "reason"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_every_problem_has_its_property_path(change: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(InvalidSettings) as raised:
        PinArgs.read({**RIGHT, **change}, "cn-hangzhou")
    problem = next(problem for problem in raised.value.problems if problem.path == path)
    assert reason in problem.reason


def test_all_problems_come_at_once() -> None:
    wrong = {key: value for _, change, _, _ in WRONG for key, value in change.items() if key != "repository"}
    with pytest.raises(InvalidSettings) as raised:
        PinArgs.read({**RIGHT, **wrong}, "cn-hangzhou")
    assert {"polcy", "deadline", "adopt", "config.cpu"} <= {problem.path for problem in raised.value.problems}


def test_a_region_of_its_own_wins_over_the_stacks_and_one_is_required() -> None:
    assert PinArgs.read(RIGHT, "cn-hangzhou").region == "cn-hangzhou"
    assert PinArgs.read({**RIGHT, "region": "cn-beijing"}, "cn-hangzhou").region == "cn-beijing"
    with pytest.raises(InvalidSettings, match="alicloud:region"):
        PinArgs.read(RIGHT, "")


def test_pulumis_floats_are_numbers() -> None:
    args = PinArgs.read({**RIGHT, "deadline": 30.0, "config": {"memory_size": 512.0}}, "cn-hangzhou")
    assert args.deadline == 30


def test_every_option_of_the_policy_is_a_typed_argument_of_the_resources() -> None:
    assert {"policy", *SelectionInputs.__annotations__} == set(POLICY_KEYS)
