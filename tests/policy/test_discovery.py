"""Which tags are looked into first: the greatest by name, numbers as numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcpin.lookup import greatest
from fcpin.policy import Policy

ORDERED = ["a", "a-2", "a-02b", "a-10", "b-1", "b-1a", "b-9", "b-10", "b-1000000000000000000000000", "c"]


def test_the_table_is_in_order() -> None:
    assert greatest(sorted(ORDERED), len(ORDERED)) == ORDERED[::-1]


@pytest.mark.parametrize(
    ("current", "found"),
    [
        pytest.param(None, ["c", "b-9"], id="nothing is deployed"),
        pytest.param("b-9", ["c", "b-9"], id="what is deployed is among them"),
        pytest.param("a", ["c", "b-9", "a"], id="what is deployed is added"),
        pytest.param("gone", ["c", "b-9"], id="what is deployed is no longer there"),
    ],
)
def test_the_greatest_are_taken_and_what_is_deployed(current: str | None, found: list[str]) -> None:
    assert greatest(["a", "b-1", "b-9", "c"], 2, current) == found


@given(st.permutations(ORDERED), st.integers(1, 12))
def test_the_order_of_a_listing_does_not_matter(tags: list[str], limit: int) -> None:
    assert greatest(tags, limit) == ORDERED[::-1][:limit]


def test_the_limit_may_come_as_pulumi_s_float() -> None:
    assert Policy.from_spec({"newest": {}, "discovery_limit": 250.0}).discovery_limit == 250
    assert Policy.from_spec({"newest": {}}).discovery_limit == 100
