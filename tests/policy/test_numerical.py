"""The numerical order: exact, and deaf to what is not a number."""

import pytest

from tests.policy.choosing import choose, chosen, reasons

BUILDS = {"pattern": r"^b(?P<n>.*)$", "extract": "$n"}
SELECTIONS = [
    # label, order, tags, chosen
    ("ascending takes the greatest", "asc", ["9", "10", "2"], "10"),
    ("descending takes the smallest", "desc", ["9", "10", "2"], "2"),
    ("what is not a number is left out", "asc", ["9", "latest", "10"], "10"),
    ("numbers that floats would confuse", "asc", ["20261122123456781", "20261122123456782"], "20261122123456782"),
    ("zeros in front do not count", "asc", ["010", "9"], "010"),
    ("decimals", "asc", ["1.5", "1.25"], "1.5"),
    ("a version of three numbers is none", "asc", ["1.5.0"], None),
    ("no exponents, no infinity, no hexadecimal", "asc", ["1e5", "Inf", "NaN", "0x10", "1_000", "3"], "3"),
    ("other scripts' digits are no numbers and no tags", "asc", ["٣", "2"], "2"),
]


@pytest.mark.parametrize(("order", "tags", "expected"), [pytest.param(*row[1:], id=row[0]) for row in SELECTIONS])
def test_selections(order: str, tags: list[str], expected: str | None) -> None:
    assert chosen({"policy": {"numerical": {"order": order}}}, tags) == expected


def test_negative_numbers_come_before_zero() -> None:
    spec = {"policy": {"numerical": {}}, "filter_tags": BUILDS}
    assert chosen(spec, ["b-5", "b-40", "b0.5"]) == "b0.5"
    assert chosen(spec, ["b-5", "b-40"]) == "b-5"


def test_what_was_left_out_is_counted() -> None:
    selection = choose({"policy": {"numerical": {}}}, ["1", "2", "x", "y"])
    assert selection.summary == "newest of 2 of 4 tags by number"
    assert reasons(selection)["x"] == "is not a number"
    assert selection.counts["is not a number"] == 2
