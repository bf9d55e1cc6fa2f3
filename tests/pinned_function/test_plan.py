"""What is compared, what is sent, and what is left alone."""

from typing import Any

import pytest

from fcpin.fc.model import Function
from fcpin.image import Digest, Pin
from fcpin.pinned_function import plan
from fcpin.pinned_function.inputs import PinArgs

OLD, NEW = Digest(f"sha256:{'a' * 64}"), Digest(f"sha256:{'b' * 64}")
REPOSITORY = "registry.cn-hangzhou.aliyuncs.com/shop/app"
ADOPTED: dict[str, Any] = {
    "function_name": "checkout",
    "region": "cn-hangzhou",
    "repository": REPOSITORY,
    "policy": {"family": {"name": "main"}},
    "owner": "organization/shop/dev::checkout",
}
OWNED = {**ADOPTED, "config": {"cpu": 0.5, "memory_size": 512, "port": 9000}}
PIN = Pin("main-12", NEW)


def same(pinned: Digest, resolved: Digest | None) -> bool:
    return pinned == resolved


def function(tag: str, digest: str, **container: Any) -> Function:
    settings = {"image": f"{REPOSITORY}:{tag}", "resolvedImageUri": f"{REPOSITORY}@{digest}", **container}
    top = {"cpu": 0.5, "memorySize": 512, "state": "Active", "lastUpdateStatus": "Successful"}
    return Function.from_wire({**top, "functionName": "checkout", "customContainerConfig": settings})


def test_a_function_that_runs_its_pin_needs_nothing() -> None:
    assert plan.update(PinArgs.read(ADOPTED), PIN, function("main-12", NEW), same) is None
    assert plan.update(PinArgs.read(OWNED), PIN, function("main-12", NEW, port=9000), same) is None


@pytest.mark.parametrize(
    ("tag", "digest"),
    [("main-11", OLD), ("main-12", OLD), ("main-11", NEW)],
    ids=["newer tag", "moved tag", "same image"],
)
def test_another_tag_or_digest_is_sent(tag: str, digest: Digest) -> None:
    body = plan.update(PinArgs.read(ADOPTED), PIN, function(tag, digest), same)
    assert body == {"customContainerConfig": {"image": f"{REPOSITORY}:main-12"}}


def test_what_we_do_not_manage_is_sent_back_as_it_was() -> None:
    live = function("main-11", OLD, port=8080, healthCheckConfig={"httpGetUrl": "/"}, futureField={"x": 1})
    body = plan.update(PinArgs.read(ADOPTED), PIN, live, same)
    assert body is not None
    container = body["customContainerConfig"]
    assert (container["port"], container["healthCheckConfig"], container["futureField"]) == (
        8080,
        {"httpGetUrl": "/"},
        {"x": 1},
    )


def test_what_only_the_server_sets_is_never_sent_back() -> None:
    live = function("main-11", OLD, accelerationInfo={"status": "Ready"})
    body = plan.update(PinArgs.read(ADOPTED), PIN, live, same)
    assert body is not None
    assert not {"resolvedImageUri", "accelerationInfo"} & set(body["customContainerConfig"])


LOGIN = {"authConfig": {"userName": "ci", "password": "******"}}
NETWORK = {"networkConfig": {"vpcId": "vpc-1", "vSwitchId": "vsw-1", "securityGroupId": "sg-1"}}


def test_registry_config_with_a_login_is_left_out_and_any_other_is_sent_back() -> None:
    """FC may replace the object by the part that is sent of it, and the password in it is a mask."""
    for registry, sent in ((LOGIN, None), ({**LOGIN, **NETWORK}, None), (NETWORK, NETWORK)):
        live = function("main-11", OLD, registryConfig=registry)
        body = plan.update(PinArgs.read(ADOPTED), PIN, live, same)
        assert body is not None
        assert body["customContainerConfig"].get("registryConfig") == sent
        assert plan.resend(PinArgs.read(ADOPTED), live).get("registryConfig") == sent


def with_login(password: str, **more: Any) -> PinArgs:
    login = {"auth_config": {"user_name": "ci", "password": password}, **more}
    return PinArgs.read({**OWNED, "config": {"registry_config": login}})


def test_a_managed_login_is_sent_with_its_password_and_only_when_it_has_changed() -> None:
    live, args = function("main-12", NEW, registryConfig={**LOGIN, **NETWORK}), with_login("secret-1")
    assert plan.update(args, PIN, live, same, args.config) is None
    for before in (with_login("secret-0").config, None, {}):
        body = plan.update(args, PIN, live, same, before)
        assert body is not None
        assert body["customContainerConfig"]["registryConfig"] == {
            "authConfig": {"userName": "ci", "password": "secret-1"}
        }
    assert plan.resend(args, live)["registryConfig"]["authConfig"]["password"] == "secret-1"


def test_a_managed_login_that_another_tool_removed_is_sent_again() -> None:
    args = with_login("secret-1")
    body = plan.update(args, PIN, function("main-12", NEW), same, args.config)
    assert body is not None
    assert body["customContainerConfig"]["registryConfig"]["authConfig"]["password"] == "secret-1"


LOGINS: list[tuple[str, dict[str, Any], dict[str, Any], str | None]] = [
    ("none before", NETWORK, {}, None),
    ("the same", LOGIN, LOGIN, None),
    ("another mask", LOGIN, {"authConfig": {"userName": "ci", "password": "####"}}, None),
    ("no registryConfig", LOGIN, {}, "ci"),
    ("a part of it", {**LOGIN, **NETWORK}, NETWORK, "ci"),
    ("no password", LOGIN, {"authConfig": {"userName": "ci"}}, "ci"),
    ("an empty password", LOGIN, {"authConfig": {"userName": "ci", "password": ""}}, "ci"),
    ("another user", LOGIN, {"authConfig": {"userName": "cd", "password": "******"}}, "ci"),
    ("no mask at all", {"authConfig": {"userName": "ci"}}, {"authConfig": {"userName": "ci"}}, None),
]


@pytest.mark.parametrize(("before", "after", "lost"), [row[1:] for row in LOGINS], ids=[row[0] for row in LOGINS])
def test_a_lost_login_is_reported_by_user_and_presence(
    before: dict[str, Any], after: dict[str, Any], lost: str | None
) -> None:
    functions = (function("main-12", NEW, registryConfig=registry) for registry in (before, after))
    assert plan.lost_login(*functions) == lost


def test_a_setting_alone_is_sent_without_the_image() -> None:
    """FC resolves each image that is sent: a kept pin whose tag is gone could never be changed otherwise."""
    body = plan.update(PinArgs.read({**OWNED, "config": {"cpu": 1}}), PIN, function("main-12", NEW), same)
    assert body == {"cpu": 1}


def test_an_adopted_function_keeps_its_settings() -> None:
    body = plan.update(PinArgs.read(ADOPTED), PIN, function("main-11", OLD), same)
    assert body is not None
    assert set(body) == {"customContainerConfig"}


def test_a_setting_of_an_owned_function_that_drifted_is_sent() -> None:
    body = plan.update(PinArgs.read({**OWNED, "config": {"cpu": 1}}), PIN, function("main-12", NEW), same)
    assert body is not None
    assert body["cpu"] == 1


def test_a_failed_function_is_deployed_again_although_it_looks_right() -> None:
    live = function("main-12", NEW)
    failed = Function.from_wire({**live.wire, "lastUpdateStatus": "Failed"})
    assert plan.update(PinArgs.read(ADOPTED), PIN, failed, same) is not None


def test_a_created_function_names_its_owner() -> None:
    body = plan.creation(PinArgs.read(OWNED), PIN)
    assert body["runtime"] == "custom-container"
    assert body["handler"]
    assert body["customContainerConfig"] == {"port": 9000, "image": f"{REPOSITORY}:main-12"}
    assert body["tags"] == [{"Key": "fcpin:owner", "Value": "organization/shop/dev::checkout"}]


BAG = {**ADOPTED, **PIN.properties(PinArgs.read(ADOPTED).repository)}

DIFFERENCES: list[tuple[str, dict[str, Any], tuple[str, ...], tuple[str, ...]]] = [
    ("nothing", {}, (), ()),
    ("the digest alone: a moved tag", {"digest": OLD}, ("digest",), ()),
    ("the policy", {"policy": {"semver": {"range": "1.x"}}}, ("policy",), ()),
    ("another function is a replacement", {"function_name": "pay"}, ("function_name",), ("function_name",)),
    ("another region is a replacement", {"region": "cn-beijing"}, ("region",), ("region",)),
    ("a renamed stack is no reason to touch a function", {"owner": "x/y/z::checkout"}, (), ()),
    ("outputs and Pulumi's own keys are not compared", {"__provider": "gASV", "state": "Failed"}, (), ()),
]


@pytest.mark.parametrize(
    ("change", "changed", "replaces"), [row[1:] for row in DIFFERENCES], ids=[row[0] for row in DIFFERENCES]
)
def test_differences_are_the_same_in_both_directions(
    change: dict[str, Any], changed: tuple[str, ...], replaces: tuple[str, ...]
) -> None:
    for olds, news in ((BAG, {**BAG, **change}), ({**BAG, **change}, BAG)):
        found = plan.difference(olds, news)
        assert (found.changed, found.replaces) == (changed, replaces)
