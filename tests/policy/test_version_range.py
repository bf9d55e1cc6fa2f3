"""Version ranges mean what they mean in Flux and Helm: Masterminds/semver's own answers, and its documentation."""

import itertools
from pathlib import Path

import pytest

from fcpin.errors import InvalidPolicy
from fcpin.policy.semver import VersionKey, VersionRange, parse_loose_version, parse_version
from tests.support.tables import table

TABLE = Path(__file__).with_name("data") / "masterminds.tsv"


def answers() -> list[tuple[str, str, str]]:
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    return [(row[0], row[1], row[2]) for row in (line.split("\t") for line in lines)]


def version(text: str) -> VersionKey:
    key = parse_version(text)
    assert key is not None, f"{text} is no version"
    return key


def test_the_table_is_not_one_sided() -> None:
    found = [answer for _, _, answer in answers()]
    assert min(found.count("true"), found.count("false")) > 200
    assert found.count("bad-range") > 10
    assert found.count("bad-version") > 100


def ours(text: str, value: str) -> str:
    try:
        version_range = VersionRange.parse(text)
    except InvalidPolicy:
        return "bad-range"
    key = parse_version(value)
    if key is None:
        return "bad-version"
    return "true" if version_range.has(key) else "false"


def test_every_answer_of_masterminds_is_ours() -> None:
    assert [row for row in answers() if ours(*row[:2]) != row[2]] == []


IN_ORDER = [
    "0.0.0-0", "0.0.0", "0.0.1", "0.9.0", "0.10.0", "1.0.0-0", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1",
    "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1-0", "1.2.0",
    "1.10.0", "2.0.0", "10.0.0", f"1{'0' * 40}.0.0",
]  # fmt: skip
"""This list must be in the correct order. The middle is the example of the specification, section 11."""


def test_versions_compare_as_specified() -> None:
    for smaller, greater in itertools.combinations(IN_ORDER, 2):
        assert version(smaller) < version(greater), f"{smaller} < {greater}"


NO_VERSIONS = ["", "1", "1.2", "1.2.3.4", "1.2.3-", "1.2.3-01", "1.2.3-rc.01", "1.2.3+", "V1.2.3", "vv1.2.3", "b1.0.3", "0a1b2c3",
               "1234567", "0123456", "2022", "2022.04", "1.2-rc.1.2", "1.2.x", "1.2.3-a_b", " 1.2.3", "1.2.3\n",
               "1.2.3\n4.5.6", "-1.2.3", "१.२.३", "1..3", "1.2."]  # fmt: skip


@pytest.mark.parametrize("text", NO_VERSIONS)
def test_what_is_no_version(text: str) -> None:
    assert parse_version(text) is None


def test_what_does_not_count() -> None:
    assert version("v1.2.3") == version("1.2.3") == version("1.2.3+build.5")
    assert version("v2022.04.02") == version("2022.4.2") < version("2022.10.01")
    assert version("01.02.03-rc.1+007") == version("1.2.3-rc.1")
    assert parse_loose_version("v1.2") == parse_loose_version("1.02") == version("1.2.0")
    assert parse_loose_version("1") == version("1.0.0")
    assert parse_loose_version("1.x") is None


UNREADABLE = [
    ("a word", "newest", "newest"),
    ("the rest of a range", ">=1.0.0 <2.y", "<2.y"),
    ("an empty alternative", "1.x ||", "||"),
    ("four numbers", "1.2.3.4", "1.2.3.4"),
    ("a comma at the end", "1.2.3,", "','"),
]


@table("text named", UNREADABLE)
def test_an_unreadable_range_is_quoted_where_it_breaks(text: str, named: str) -> None:
    with pytest.raises(InvalidPolicy) as caught:
        VersionRange.parse(text)
    assert named in str(caught.value)
    assert "1.x" in str(caught.value), "the message has examples"


def test_a_hyphen_range_may_follow_an_alternative_without_a_space() -> None:
    """Masterminds takes `||1` for a number here; no user means that."""
    assert VersionRange.parse("5.x||1.0 - 1.4").has(version("1.3.0"))
