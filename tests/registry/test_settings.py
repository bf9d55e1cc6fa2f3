"""What a user may write about registries, and every way to write it wrong."""

from typing import Any

import pytest

from fcpin.acr_hosts import public_host
from fcpin.errors import InvalidSettings
from fcpin.registry.settings import RegistrySettings, by_registry, parse_registries

ENTERPRISE = "demo-registry.cn-hangzhou.cr.aliyuncs.com"


@pytest.mark.parametrize(("value", "wanted"), [(False, False), (True, True), (None, True)])
def test_push_times_may_be_switched_off(value: object, wanted: bool) -> None:
    host = "registry-intl-vpc.ap-southeast-1.aliyuncs.com"
    assert parse_registries({host: {"push_times": value}})[host].push_times is wanted


def test_every_setting() -> None:
    settings = parse_registries(
        {
            "registry.example.com:5000": {"endpoint": "http://10.0.0.1:5000", "username": "ci", "password": "p"},
            ENTERPRISE: {"instance_id": "cri-0123456789abcdef"},
            "registry.cn-hangzhou.aliyuncs.com": {},
        }
    )
    assert settings == {
        "registry.example.com:5000": RegistrySettings(endpoint="http://10.0.0.1:5000", username="ci", password="p"),
        ENTERPRISE: RegistrySettings(instance_id="cri-0123456789abcdef"),
        "registry.cn-hangzhou.aliyuncs.com": RegistrySettings(),
    }


HOST = "registry.example.com"
SHARED = "registry.cn-hangzhou.aliyuncs.com"
AT = f'registries["{HOST}"]'
PROBLEMS: list[tuple[str, Any, str, str]] = [
    ("settings that are no object", ["x"], "registries", "expected a mapping"),
    ("a host with a scheme", {f"https://{HOST}": {}}, f'registries["https://{HOST}"]', "without https://"),
    ("a host with a path", {f"{HOST}/shop": {}}, f'registries["{HOST}/shop"]', "without a path"),
    ("an entry that is no object", {HOST: "x"}, AT, "expected a mapping"),
    ("a misspelt key", {HOST: {"enpoint": "x"}}, f"{AT}.enpoint", "did you mean endpoint?"),
    ("a value that is no text", {HOST: {"endpoint": 5}}, f"{AT}.endpoint", "expected text, got 5"),
    ("an empty value", {HOST: {"endpoint": ""}}, f"{AT}.endpoint", "empty"),
    ("an endpoint without a scheme", {HOST: {"endpoint": HOST}}, f"{AT}.endpoint", "https://host"),
    ("an endpoint with a path", {HOST: {"endpoint": "https://a/b"}}, f"{AT}.endpoint", "without a user, a path"),
    ("an endpoint with a user", {HOST: {"endpoint": "https://u:p@a"}}, f"{AT}.endpoint", "without a user"),
    ("an endpoint with a bad port", {HOST: {"endpoint": "https://a:99999"}}, f"{AT}.endpoint", "https://host"),
    ("a user without a password", {HOST: {"username": "u"}}, f"{AT}.password", "is required"),
    ("a password without a user", {HOST: {"password": "p"}}, f"{AT}.username", "is required"),
    ("a user with a colon", {HOST: {"username": "a:b", "password": "p"}}, f"{AT}.username", "colon"),
    (
        "push times that are text",
        {SHARED: {"push_times": "maybe"}},
        f'registries["{SHARED}"].push_times',
        "expected true",
    ),
    ("push times elsewhere", {HOST: {"push_times": False}}, f"{AT}.push_times", "only hosts of ACR Personal"),
    ("NUL in a password", {HOST: {"username": "u", "password": "a\0b"}}, f"{AT}.password", "not valid text"),
    ("an instance id elsewhere", {HOST: {"instance_id": "cri-1"}}, f"{AT}.instance_id", "ACR Enterprise"),
    (
        "an instance name as its id",
        {ENTERPRISE: {"instance_id": "demo"}},
        f'registries["{ENTERPRISE}"].instance_id',
        "expected cri-",
    ),
    (
        "one registry under two hosts",
        {"registry.cn-hangzhou.aliyuncs.com": {}, "registry-vpc.cn-hangzhou.aliyuncs.com": {}},
        'registries["registry-vpc.cn-hangzhou.aliyuncs.com"]',
        "same registry as registry.cn-hangzhou.aliyuncs.com",
    ),
]


@pytest.mark.parametrize(("label", "value", "path", "reason"), PROBLEMS, ids=[row[0] for row in PROBLEMS])
def test_a_problem_is_named_by_its_path(label: str, value: Any, path: str, reason: str) -> None:
    with pytest.raises(InvalidSettings) as invalid:
        parse_registries(value)
    assert [problem.path for problem in invalid.value.problems] == [path]
    assert reason in invalid.value.problems[0].reason


def test_all_problems_are_reported_at_once_without_a_password() -> None:
    with pytest.raises(InvalidSettings) as invalid:
        parse_registries({HOST: {"endpoint": "x", "password": "s3cret", "color": "red"}, "??": {}})
    assert len(invalid.value.problems) == 3
    assert "s3cret" not in str(invalid.value)
    assert "s3cret" not in repr(RegistrySettings(username="ci", password="s3cret"))


def test_settings_of_any_host_are_those_of_the_registry() -> None:
    settings = {"demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com": RegistrySettings(instance_id="cri-1")}
    assert by_registry(settings) == {ENTERPRISE: RegistrySettings(instance_id="cri-1")}
    with pytest.raises(InvalidSettings, match="same registry"):
        by_registry({**settings, ENTERPRISE: RegistrySettings()})
    assert public_host(HOST) == HOST
