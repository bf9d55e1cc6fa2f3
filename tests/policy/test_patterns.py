"""Patterns of users: all tags at once answers as RE2 does for each tag by itself, in linear time."""

from itertools import compress

import pytest
import re2
from hypothesis import assume, given
from hypothesis import strategies as st

from fcpin.errors import InvalidPolicy
from fcpin.policy.patterns import Pattern
from tests.policy.choosing import chosen

ATOMS = ["^", "$", r"\A", r"\z", r"\b", ".", "a", "1", "-", r"\d", r"\D", r"\s", r"\n", r"\C", r"\Q^$\E", "[^a]", "[]^$]", "[[:digit:]^]", "|", "(", ")", "(?:", "(?s)", "(?i)", "(?-m)", "*", "+", "?", "{2}"]  # fmt: skip
SOURCES = st.lists(st.sampled_from(ATOMS), max_size=8).map("".join)
TAGS = st.lists(st.text("aA1-_", min_size=1, max_size=4), max_size=6)


def compiled(source: str) -> Pattern:
    """What is a pattern."""
    try:
        return Pattern.compile(source)
    except InvalidPolicy:
        assume(False)
        raise


@given(SOURCES, TAGS)
def test_all_tags_at_once_is_each_by_itself(source: str, tags: list[str]) -> None:
    pattern, alone = compiled(source), re2.compile(source)
    assert pattern.search(tags) == [bool(alone.search(tag)) for tag in tags]
    assert pattern.fullmatch(tags) == [bool(alone.fullmatch(tag)) for tag in tags]


@given(SOURCES.map("((?:{}))".format), TAGS)
def test_groups_are_those_of_the_tag(source: str, tags: list[str]) -> None:
    pattern, alone = compiled(source), re2.compile(source)
    tags = list(compress(tags, pattern.search(tags)))
    assert pattern.extract(tags, lambda match: match[1] or b"") == [
        (alone.search(tag)[1] or "").encode() for tag in tags
    ]


def test_a_pattern_that_would_take_exponential_time_is_one_like_any_other() -> None:
    """Python's own matcher would be at it until the end of time."""
    spec = {"alphabetical": {}, "filter_tags": {"pattern": "^(a+)+$"}, "ignore_tags": ["(a|a)*b"]}
    assert chosen(spec, ["a" * 127 + "-", "a" * 128]) == "a" * 128


def test_a_refusal_is_told_once_and_by_us(capfd: pytest.CaptureFixture[str]) -> None:
    """RE2 writes to standard error unless it is told not to."""
    with pytest.raises(InvalidPolicy, match=r"\(\?!"):
        Pattern.compile("(?!x)")
    assert capfd.readouterr() == ("", "")
