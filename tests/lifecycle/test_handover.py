"""One state, two engines: what either wrote, the other reads as no changes, and goes on from."""

import shutil

import pytest

from tests.lifecycle.shop import CONFIG, FUNCTION, Shop

pytestmark = pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH")


def test_the_other_engine_sees_no_changes_and_goes_on(shop: Shop) -> None:
    other = "pulumi" if shop.stack.engine == "embedded" else "embedded"
    shop.push("main-1")
    secret = {"environment_variables": {"TOKEN": shop.stack.seal("hidden")}}
    shop.configure({FUNCTION: shop.entry(config={**CONFIG, **secret})})
    shop.up()
    done = shop.stack.run("preview", "--expect-no-changes", engine=other)
    assert done.code == 0, done
    new = shop.push("main-2")
    done = shop.stack.run("up", "--yes", engine=other)
    assert done.code == 0, done
    assert shop.deployed() == f"main-2@{new}"
    shop.preview("--expect-no-changes")
    done = shop.stack.run("refresh", "--yes", "--expect-no-changes", engine=other)
    assert done.code == 0, done
    assert shop.stack.destroy().code == 0
    assert shop.cloud.functions() == []
