"""Two resources must not manage one function."""

import pytest

from fcpin.errors import InvalidSettings
from fcpin.pinned_function.inputs import PinArgs
from fcpin.pinned_function.services import Duplicates


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


def test_a_second_resource_is_refused() -> None:
    duplicates = Duplicates()
    duplicates.check(pin("checkout"))
    with pytest.raises(InvalidSettings, match="function_name: app in cn-hangzhou is already managed by checkout"):
        duplicates.check(pin("basket"))


def test_the_same_resource_may_come_again() -> None:
    duplicates = Duplicates()
    duplicates.check(pin("checkout"))
    duplicates.check(pin("checkout"))


def test_a_name_is_a_function_in_each_region() -> None:
    duplicates = Duplicates()
    duplicates.check(pin("checkout"))
    duplicates.check(pin("checkout-shanghai", region="cn-shanghai"))
    duplicates.check(pin("basket", function="basket"))
