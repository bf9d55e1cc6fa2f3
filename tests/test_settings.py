"""The stack's configuration that holds for all pins."""

import pytest

from fcpin.errors import InvalidSettings
from fcpin.http.credentials import Credentials
from fcpin.models import read
from fcpin.settings import Settings, StackConfig, endpoint_of

BYPASSES: list[tuple[str, object, dict[str, str], bool]] = [
    ("neither", None, {}, False),
    ("the stack", "true", {}, True),
    ("the stack has false", "false", {}, False),
    ("the environment", None, {"FCPIN_MIN_AGE_BYPASS": "1"}, True),
    ("the environment has 0", None, {"FCPIN_MIN_AGE_BYPASS": "0"}, False),
    ("the environment for this run alone", "false", {"FCPIN_MIN_AGE_BYPASS": "1"}, True),
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


PROBLEMS: list[tuple[dict[str, object], dict[str, str], str]] = [
    ({"fcpin:endpoints": {"fd": "x"}}, {}, "fcpin:endpoints.fd: unknown key; known: fc, cr, devs"),
    ({"fcpin:endpoints": {"fc": "ftp://x"}}, {}, "fcpin:endpoints.fc: is not a valid endpoint"),
    ({"fcpin:endpoints": "{"}, {}, "fcpin:endpoints: expected a mapping, got text that is not valid JSON"),
    ({"fcpin:endpoints": "[]"}, {}, "fcpin:endpoints: expected a mapping, got a list"),
    ({"fcpin:registries": {"ghcr.io": {"username": 7}}}, {}, 'fcpin:registries["ghcr.io"].username: expected text'),
    ({"alicloud:accessKey": "k"}, {}, "alicloud:secretKey: is required: alicloud:accessKey and"),
    ({}, {"ALICLOUD_REGION": "Mars"}, "ALICLOUD_REGION: expected a region such as cn-hangzhou, got 'Mars'"),
]


@pytest.mark.parametrize(("config", "environment", "message"), PROBLEMS, ids=[row[2] for row in PROBLEMS])
def test_a_problem_is_named_by_its_key(config: dict[str, object], environment: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Settings.read(config.get, environment)
    assert [str(problem)[: len(message)] for problem in caught.value.problems] == [message]


def test_the_stack_wins_over_the_environment_and_an_endpoint_may_name_the_region() -> None:
    config: dict[str, object] = {
        "fcpin:region": "cn-hangzhou",
        "fcpin:endpoints": '{"fc": "https://fc-{region}.example.com"}',
    }
    config |= {"alicloud:accessKey": "k", "alicloud:secretKey": "s"}
    variables = {"ALICLOUD_REGION": "Mars", "ALICLOUD_ACCESS_KEY": "other", "ALICLOUD_SECRET_KEY": "other"}
    settings = Settings.read(config.get, variables)
    assert (settings.region, settings.credentials) == ("cn-hangzhou", Credentials("k", "s", ""))
    assert endpoint_of(settings, "cn-shanghai") == "https://fc-cn-shanghai.example.com"
    assert Settings.read(dict[str, object]().get, variables | {"ALICLOUD_REGION": ""}).credentials == Credentials(
        "other", "other", ""
    )


def test_no_secret_is_in_the_representation() -> None:
    assert "s3cret" not in repr(read(StackConfig, {"alicloud:accessKey": "k", "alicloud:secretKey": "s3cret"}))
