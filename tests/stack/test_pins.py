"""The pins in a stack's state, as the engines export it."""

from typing import Any

import pytest

from fcpin.errors import StackError
from fcpin.image import PIN_TYPE
from fcpin.pinned_function.resource import PinnedFunction
from fcpin.stack.stack import StackPin, pins_in

DIGEST, OLD = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
REPOSITORY = "registry.cn-hangzhou.aliyuncs.com/shop/app"
SEALED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
OUTPUTS: dict[str, Any] = {
    "function_name": "checkout-dev",
    "region": "cn-hangzhou",
    "repository": REPOSITORY,
    "policy": {"family": {"name": "main"}},
    "allow_downgrade": None,
    "tag": "main-2",
    "digest": DIGEST,
    "image": f"{REPOSITORY}:main-2",
    "deployed_image": f"{REPOSITORY}:main-2@{DIGEST}",
    "previous_image": f"{REPOSITORY}:main-1@{OLD}",
    "__provider": "…",
}


def resource(name: str = "checkout", **changes: Any) -> dict[str, Any]:
    outputs = {**OUTPUTS, **changes.pop("outputs", {})}
    return {
        "urn": f"urn:pulumi:dev::shop::{PIN_TYPE}::{name}",
        "type": PIN_TYPE,
        "id": "x",
        "outputs": outputs,
        **changes,
    }


def test_a_pin_is_what_the_last_deployment_left() -> None:
    pin = StackPin.read(resource())
    assert (pin.name, pin.function_name, pin.region, pin.tag) == ("checkout", "checkout-dev", "cn-hangzhou", "main-2")
    assert str(pin.deployed) == f"{REPOSITORY}:main-2@{DIGEST}"
    assert str(pin.previous) == f"{REPOSITORY}:main-1@{OLD}"
    assert pin.policy == {"policy": {"family": {"name": "main"}}}
    assert pin.platform == "linux/amd64"
    assert pin.urn == resource()["urn"]


def test_what_a_refresh_saw_is_not_what_was_deployed_and_before_the_first_change_nothing_ran_before() -> None:
    seen = {"tag": "main-0", "digest": OLD, "image": f"{REPOSITORY}:main-0", "previous_image": ""}
    pin = StackPin.read(resource(outputs=seen))
    assert str(pin.deployed) == f"{REPOSITORY}:main-2@{DIGEST}"
    assert pin.previous is None


def test_only_pins_that_are_to_stay_are_pins() -> None:
    others = [
        {"urn": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev", "type": "pulumi:pulumi:Stack"},
        resource("replaced", delete=True),
    ]
    assert [pin.name for pin in pins_in([*others, resource("b"), resource("a")])] == ["b", "a"]


def test_a_secret_policy_is_none_that_can_be_decided() -> None:
    assert StackPin.read(resource(outputs={"policy": SEALED})).policy is None
    assert StackPin.read(resource(outputs={"hold": {"tag": SEALED}})).policy is None


@pytest.mark.parametrize(
    ("label", "outputs", "reason"),
    [
        ("a secret name", {"function_name": SEALED}, "checkout in the stack's state: function_name"),
        ("no repository", {"repository": None}, "repository cannot be read"),
        ("a repository that is none", {"repository": "shop"}, "has no registry host"),
    ],
)
def test_a_state_that_fcpin_has_not_written_is_refused(label: str, outputs: dict[str, Any], reason: str) -> None:
    with pytest.raises(StackError, match=reason) as refused:
        StackPin.read(resource(outputs=outputs))
    assert "ciphertext" not in str(refused.value)


def test_the_type_in_the_state_is_the_one_of_the_resource() -> None:
    assert f"pulumi-python:{PinnedFunction._resource_type_name}" == PIN_TYPE
