"""Promotion: one stack pins what another one runs."""

from tests.lifecycle.shop import FUNCTION, Shop


def test_staging_runs_what_dev_runs_and_nothing_newer(shop: Shop) -> None:
    first = shop.push("main-1")
    staging = Shop(shop.stack.sibling("staging"), shop.cloud)
    staging.configure({FUNCTION: shop.entry(function_name="staging", policy={"follow": {"stack": "test"}})})
    staging.stack.begin()
    early = staging.stack.preview()
    assert early.code == 1
    assert "policy.follow.stack" in early.output
    shop.up()
    staging.up()
    assert staging.deployed("staging") == f"main-1@{first}"
    second = shop.push("main-2")
    staging.preview("--expect-no-changes")
    shop.up()
    assert "main-2" in staging.preview("--diff").output
    staging.up()
    assert staging.deployed("staging") == f"main-2@{second}"
    staging.preview("--expect-no-changes")
