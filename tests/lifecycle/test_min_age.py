"""Minimum age on the whole way: the preview names what matures, a bypass is for one run."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from tests.lifecycle.shop import FUNCTION, PATH, Shop
from tests.lifecycle.test_oci import VPC, knobs, oci

HOURS: Final = 3600.0
__all__ = ["knobs", "oci"]


@contextmanager
def some_time_ago(shop: Shop, hours: float) -> Iterator[None]:
    """What is pushed here was pushed so many hours ago."""
    shop.cloud.advance(-hours * HOURS)
    yield
    shop.cloud.advance(hours * HOURS)


def test_a_young_tag_waits_and_the_preview_says_until_when(shop: Shop) -> None:
    shop.configure({FUNCTION: shop.entry(min_age="2h")})
    with some_time_ago(shop, 3):
        old = shop.push("main-1")
    newer = shop.push("main-2")
    done = shop.up()
    assert "not deployed yet: main-2 matures at " in done.output
    assert shop.deployed() == f"main-1@{old}"
    shop.preview("--expect-no-changes")
    shop.configure({FUNCTION: shop.entry(min_age="1s")})
    shop.up()
    assert shop.deployed() == f"main-2@{newer}"


@pytest.mark.parametrize("by", ["configuration", "environment"])
def test_a_bypass_deploys_at_once_and_the_next_run_takes_nothing_back(shop: Shop, by: str) -> None:
    functions = {FUNCTION: shop.entry(min_age="2h", allow_downgrade=True)}
    shop.configure(functions)
    with some_time_ago(shop, 3):
        shop.push("main-1")
    shop.up()
    fix = shop.push("main-2")
    if by == "configuration":
        shop.configure(functions, minAgeBypass=True)
    else:
        shop.stack.environment["FCPIN_MIN_AGE_BYPASS"] = "1"
    shop.up()
    assert shop.deployed() == f"main-2@{fix}"
    assert "min_age 2h bypassed" in shop.stack.resources()[0]["outputs"]["selection"]
    shop.configure(functions)
    shop.stack.environment.pop("FCPIN_MIN_AGE_BYPASS", None)
    shop.preview("--expect-no-changes")


def test_nothing_that_is_old_enough_is_no_first_deployment(shop: Shop) -> None:
    shop.push("main-1")
    shop.configure({FUNCTION: shop.entry(min_age="2h")})
    done = shop.stack.preview()
    assert done.code == 1
    assert "main-1 matures at " in done.output
    assert not done.has_traceback, done


def test_a_registry_without_push_times_is_refused(oci: Shop) -> None:
    oci.push("v1.0.0")
    oci.configure(
        {FUNCTION: oci.entry(repository=f"{VPC}/{PATH}", policy={"semver": {"range": "1.x"}}, min_age="2h")},
        registries={VPC: {"endpoint": oci.cloud.url}},
    )
    done = oci.stack.preview()
    assert done.code == 1
    assert "min_age" in done.output
    assert "push times" in done.output
