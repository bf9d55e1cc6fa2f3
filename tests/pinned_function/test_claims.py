"""Two resources must not manage one function."""

import pytest

from fcpin.errors import InvalidSettings
from fcpin.pinned_function.claims import Claims
from fcpin.pinned_function.inputs import PinArgs


def pin(owner: str, function: str = "app", region: str = "cn-hangzhou") -> PinArgs:
    repository = "registry.cn-hangzhou.aliyuncs.com/shop/app"
    return PinArgs.read(
        {
            "function_name": function,
            "region": region,
            "repository": repository,
            "policy": {"newest": {}},
            "owner": f"acme/shop/dev::{owner}",
        }
    )


def test_a_second_resource_is_told_of_the_first() -> None:
    claims = Claims()
    claims.claim(pin("checkout"))
    with pytest.raises(InvalidSettings, match="function_name: app in cn-hangzhou is managed by checkout already"):
        claims.claim(pin("basket"))


def test_the_same_resource_may_come_again() -> None:
    claims = Claims()
    claims.claim(pin("checkout"))
    claims.claim(pin("checkout"))


def test_a_name_is_a_function_in_each_region() -> None:
    claims = Claims()
    claims.claim(pin("checkout"))
    claims.claim(pin("checkout-shanghai", region="cn-shanghai"))
    claims.claim(pin("basket", function="basket"))
