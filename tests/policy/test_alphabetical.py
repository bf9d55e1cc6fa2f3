"""The alphabetical order."""

import pytest

from tests.policy.choosing import chosen

SELECTIONS = [
    # label, order, tags, chosen
    ("ascending takes the last of the alphabet", "asc", ["alpha", "zulu", "mike"], "zulu"),
    ("descending takes the first", "desc", ["alpha", "zulu", "mike"], "alpha"),
    ("dates sort as they are written", "asc", ["2026-02-01", "2025-12-31", "2026-01-31"], "2026-02-01"),
    ("capitals come before small letters, as bytes do", "asc", ["Z", "a"], "a"),
    ("ten comes before nine", "asc", ["9", "10"], "9"),
]


@pytest.mark.parametrize(("order", "tags", "expected"), [pytest.param(*row[1:], id=row[0]) for row in SELECTIONS])
def test_selections(order: str, tags: list[str], expected: str) -> None:
    assert chosen({"policy": {"alphabetical": {"order": order}}}, tags) == expected


def test_it_is_the_extracted_part_that_is_ordered() -> None:
    spec = {
        "policy": {"alphabetical": {}},
        "filter_tags": {"pattern": r"^(?P<name>.+)-(?P<date>\d{8})$", "extract": "${date}"},
    }
    assert chosen(spec, ["z-20260101", "a-20260301", "m-20260201"]) == "a-20260301"
