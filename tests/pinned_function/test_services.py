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


def test_only_a_second_resource_for_a_function_of_a_region_is_refused() -> None:
    duplicates = Duplicates()
    for owner, function, region in (
        ("checkout", "app", "cn-hangzhou"),
        ("checkout", "app", "cn-hangzhou"),
        ("checkout-shanghai", "app", "cn-shanghai"),
        ("basket", "basket", "cn-hangzhou"),
    ):
        duplicates.check(pin(owner, function, region))
    with pytest.raises(InvalidSettings, match="function_name: app in cn-hangzhou is already managed by checkout"):
        duplicates.check(pin("basket"))
