"""The semver order: versions in, ranges respected, originals out."""

import pytest

from tests.policy.choosing import choose, chosen, reasons, tag


def semver(range_: str, **more: object) -> dict[str, object]:
    return {"policy": {"semver": {"range": range_, **more}}}


SELECTIONS = [
    # label, range, tags, chosen
    ("the newest patch inside the range", "1.4.x", ["v1.4.0", "v1.4.2", "v1.5.0"], "v1.4.2"),
    ("ten comes after nine", "1.x", ["1.9.0", "1.10.0"], "1.10.0"),
    ("the tag as it was published", "^1", ["v1.2.3", "v0.9.0"], "v1.2.3"),
    ("a commit hash is not a version", "*", ["0a1b2c3", "1234567", "1.0.0"], "1.0.0"),
    ("two numbers are no version", "1.x", ["1.2", "1.1.0"], "1.1.0"),
    ("calendar versions with zeros", ">=1.0.0", ["2021.12.1", "2022.01.1", "2022.04.1", "2022.04.2"], "2022.04.2"),
    ("zeros in the range as well", "~2022.04.01", ["2022.04.1", "2022.4.2", "2022.05.1"], "2022.4.2"),
    ("zeros are compared as numbers", "*", ["v1.09.0", "v1.10.0", "v1.9.1"], "v1.10.0"),
    ("1.04.0 and 1.4.0 tie: the greater name", "*", ["1.4.0", "1.04.0", "01.4.0"], "1.4.0"),
    ("commits and years stay out", "*", ["0123456", "2022", "2022.04", "1.0.0"], "1.0.0"),
    ("a pre-release with a leading zero is no version", ">=1.0.0-0", ["1.0.0-01", "1.0.0-1"], "1.0.0-1"),
    ("four numbers are no version", "1.0.x", ["1.0.0", "1.0.0.1", "1.0.0p", "1.0.1"], "1.0.1"),
    ("another prefix is no version", "1.0.x", ["b1.0.3"], None),
    ("a pre-release stays out", "*", ["1.0.0", "1.1.0-rc.1"], "1.0.0"),
    ("a pre-release enters when the range names one", ">=1.0.0-0", ["1.0.0", "1.1.0-rc.1"], "1.1.0-rc.1"),
    ("only in the alternative that names one", ">=1.0.0-0 <1.2.0 || ^3", ["1.1.0-rc.1", "3.0.0-rc.1"], "1.1.0-rc.1"),
    ("either alternative", "~1.2 || ^3", ["1.2.9", "2.0.0", "3.1.0", "4.0.0"], "3.1.0"),
    ("nothing inside", "^9", ["1.0.0"], None),
    ("v1.2.3 and 1.2.3 tie: the greater name", "*", ["1.2.3", "v1.2.3"], "v1.2.3"),
]


@pytest.mark.parametrize(("range_", "tags", "expected"), [pytest.param(*row[1:], id=row[0]) for row in SELECTIONS])
def test_selections(range_: str, tags: list[str], expected: str | None) -> None:
    for listing in (tags, tags[::-1]):
        assert chosen(semver(range_), listing) == expected


def test_of_equal_versions_the_one_pushed_last_is_chosen() -> None:
    listing = [tag("1.04.0", 2), tag("1.4.0", 1)]
    assert chosen(semver("*"), listing) == chosen(semver("*"), listing[::-1]) == "1.04.0"


def test_every_rejection_names_its_own_reason() -> None:
    found = reasons(choose(semver("1.x"), ["1.2.0", "1.3.0-rc.1", "2.0.0", "main", "1.1.0"]))
    assert ">=1.0.0-0" in found["1.3.0-rc.1"]
    assert "outside 1.x" in found["2.0.0"]
    assert "X.Y.Z" in found["main"]
    assert "1.2.0" in found["1.1.0"]


def test_loose_versions_on_request() -> None:
    assert chosen(semver("1.x", strict=False), ["1.2", "1.1.0", "2"]) == "1.2"
    assert chosen(semver("*", strict=False), ["1.2", "1234567", "v1.0.0"]) == "1234567", "at the user's own risk"


def test_a_range_with_a_suffix_through_a_filter() -> None:
    spec = semver("1.x") | {"filter_tags": {"pattern": r"^(.*)-alpine$", "extract": "$1"}}
    assert chosen(spec, ["1.4.0-alpine", "1.5.0"]) == "1.4.0-alpine"
