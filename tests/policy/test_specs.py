"""Every order and every option of a policy is in each list of policies that stands for all of them."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from bench.__main__ import SELECTING
from fcpin.cli.cases import CaseEntry
from fcpin.models import schema_of
from fcpin.policy import Policy
from fcpin.policy.policy import KEYS, ORDERS
from tests.fuzz.kinds import POLICIES as FUZZED
from tests.lifecycle.test_settling import POLICIES as SETTLING
from tests.policy.test_filters import ORDERS as PROTECTED
from tests.policy.test_orders import SELECTIONS
from tests.policy.test_select_properties import SPECS
from tests.policy.test_spec import EVERY_KEY
from tests.test_schema import FURTHER_OPTIONS, ORDER_BODIES

NEEDS_A_STACK = {"follow": "tests/policy/test_follow.py, tests/lifecycle/test_follow.py"}
SELECTS_BY_NAME = {"digest": "reads one tag", "follow": "reads one tag"}

OPTIONS: Mapping[str, Any] = {
    "filter_tags": {"pattern": "^main-"},
    "allow_tags": ["main-.*"],
    "ignore_tags": ["main-.*"],
    "allow_downgrade": True,
    "on_empty": "keep",
    "platform": "linux/arm64",
    "min_age": "2h",
    "accelerated": "require",
    "accelerated_wait": "10m",
    "hold": {"tag": "main-1", "until": "2027-01-01T00:00:00Z"},
    "suspend": True,
    "protect": "pin_tag",
    "discovery_limit": 10,
}
"""A value of each option that is not its default."""


def orders(specs: Iterable[Mapping[str, Any]]) -> set[str]:
    return {name for spec in specs for name in ORDERS if name in {**spec, **spec.get("policy", {})}}


LISTS: list[tuple[str, set[str], Mapping[str, str]]] = [
    ("the schema's", set(ORDER_BODIES), {}),
    ("the properties'", orders(SPECS.values()), NEEDS_A_STACK),
    ("the lifecycle's", orders(SETTLING.values()), NEEDS_A_STACK),
    ("the fuzzers'", orders(FUZZED), {}),
    ("the benchmark's", orders(spec for _, _, spec in SELECTING), SELECTS_BY_NAME),
    ("the pin tag's", orders(PROTECTED), NEEDS_A_STACK),
    ("the tables of the orders", orders(row[1] for row in SELECTIONS), NEEDS_A_STACK),
]


@pytest.mark.parametrize(("found", "left_out"), [row[1:] for row in LISTS], ids=[row[0] for row in LISTS])
def test_every_order_is_tried(found: set[str], left_out: Mapping[str, str]) -> None:
    """*left_out*: those that this list leaves out, and why."""
    assert found | set(left_out) == set(ORDERS)


def test_every_option_is_tried() -> None:
    options = set(KEYS) - {"policy"}
    assert options == set(OPTIONS) == set(FURTHER_OPTIONS) == set(EVERY_KEY) - {"policy"}
    assert options <= {key for spec in FUZZED for key in spec}


@pytest.mark.parametrize("spec", FUZZED, ids=lambda spec: next(iter(spec.get("policy", spec))))
def test_the_fuzzers_begin_with_valid_policies(spec: Mapping[str, Any]) -> None:
    Policy.from_spec(spec)


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_for_which_a_case_needs_its_time_is_named_by_the_documentation(option: str) -> None:
    further = {"accelerated": "prefer"} if option == "accelerated_wait" else {}
    policy = Policy.from_spec({"newest": {}, **further, option: OPTIONS[option]})
    described = schema_of(CaseEntry)["properties"]["now"]["description"]
    assert (f"`{option}`" in described or f"`{option}: {OPTIONS[option]}`" in described) is policy.needs_now
