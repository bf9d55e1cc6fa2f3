"""What is compared, what is sent, and what is left alone."""

from collections.abc import Mapping
from typing import Any

import pytest

from fcpin.fc.model import Function
from fcpin.image import Digest, Pin, SameDigest
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
CONTAINER = "customContainerConfig"


def same(pinned: Digest, resolved: Digest | None) -> bool:
    return pinned == resolved


def update(
    args: PinArgs, pin: Pin, live: Function, same: SameDigest, before: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    return plan.update(args, pin, live, runs=plan.runs(args, pin, live, same), before=before)


def function(tag: str, digest: str, **container: Any) -> Function:
    settings = {"image": f"{REPOSITORY}:{tag}", "resolvedImageUri": f"{REPOSITORY}@{digest}", **container}
    top = {"cpu": 0.5, "memorySize": 512, "state": "Active", "lastUpdateStatus": "Successful"}
    return Function.from_wire({**top, "functionName": "checkout", "customContainerConfig": settings})


IMAGE = {"image": f"{REPOSITORY}:main-12"}
UNMANAGED = {"port": 8080, "healthCheckConfig": {"httpGetUrl": "/"}, "futureField": {"x": 1}}
RUNS, RUNS_OLD = function("main-12", NEW), function("main-11", OLD)
FAILED = Function.from_wire({**RUNS.wire, "lastUpdateStatus": "Failed"})
UPDATES: list[tuple[str, dict[str, Any], Function, dict[str, Any] | None]] = [
    ("its pin", ADOPTED, RUNS, None),
    ("its pin and settings", OWNED, function("main-12", NEW, port=9000), None),
    ("an older tag", ADOPTED, RUNS_OLD, {CONTAINER: IMAGE}),
    ("a moved tag", ADOPTED, function("main-12", OLD), {CONTAINER: IMAGE}),
    ("the image under another tag", ADOPTED, function("main-11", NEW), {CONTAINER: IMAGE}),
    ("a failed update", ADOPTED, FAILED, {CONTAINER: IMAGE}),
    ("what we do not manage", ADOPTED, function("main-11", OLD, **UNMANAGED), {CONTAINER: {**UNMANAGED, **IMAGE}}),
    ("what FC alone sets", ADOPTED, function("main-11", OLD, accelerationInfo={"status": "Ready"}), {CONTAINER: IMAGE}),
    # FC resolves each image that is sent: a kept pin whose tag is gone could never be changed otherwise
    ("a setting, without the image", {**OWNED, "config": {"cpu": 1}}, RUNS, {"cpu": 1}),
]


@pytest.mark.parametrize(("args", "live", "body"), [row[1:] for row in UPDATES], ids=[row[0] for row in UPDATES])
def test_what_is_sent_to_a_function_that_has(args: dict[str, Any], live: Function, body: dict[str, Any] | None) -> None:
    assert update(PinArgs.read(args), PIN, live, same) == body


LOGIN = {"authConfig": {"userName": "ci", "password": "******"}}
NETWORK = {"networkConfig": {"vpcId": "vpc-1", "vSwitchId": "vsw-1", "securityGroupId": "sg-1"}}


def test_registry_config_with_a_login_is_left_out_and_any_other_is_sent_back() -> None:
    """FC may replace the object by the part that is sent of it, and the password in it is a mask."""
    for registry, sent in ((LOGIN, None), ({**LOGIN, **NETWORK}, None), (NETWORK, NETWORK)):
        live = function("main-11", OLD, registryConfig=registry)
        body = update(PinArgs.read(ADOPTED), PIN, live, same)
        assert body is not None
        assert body["customContainerConfig"].get("registryConfig") == sent
        assert plan.resend(PinArgs.read(ADOPTED), live).get("registryConfig") == sent


def with_login(password: str, **more: Any) -> PinArgs:
    login = {"auth_config": {"user_name": "ci", "password": password}, **more}
    return PinArgs.read({**OWNED, "config": {"registry_config": login}})


def test_a_managed_login_is_sent_with_its_password_and_only_when_it_has_changed() -> None:
    live, args = function("main-12", NEW, registryConfig={**LOGIN, **NETWORK}), with_login("secret-1")
    assert update(args, PIN, live, same, args.config) is None
    for before in (with_login("secret-0").config, None, {}):
        body = update(args, PIN, live, same, before)
        assert body is not None
        assert body["customContainerConfig"]["registryConfig"] == {
            "authConfig": {"userName": "ci", "password": "secret-1"}
        }
    removed = update(args, PIN, function("main-12", NEW), same, args.config)
    assert removed is not None
    for container in (removed["customContainerConfig"], plan.resend(args, live)):
        assert container["registryConfig"]["authConfig"]["password"] == "secret-1"


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
