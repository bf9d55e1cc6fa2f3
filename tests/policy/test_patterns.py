"""Patterns of users match as RE2 does, in linear time."""

import pytest
import re2
from hypothesis import assume, given
from hypothesis import strategies as st

from fcpin.errors import InvalidPolicy
from fcpin.policy.patterns import Pattern, PatternSet, Template
from tests.policy.choosing import chosen

ATOMS = ["^", "$", r"\A", r"\z", r"\b", ".", "a", "1", "-", r"\d", r"\D", r"\s", r"\n", r"\C", r"\Q^$\E", "[^a]", "[]^$]", "[[:digit:]^]", "|", "(", ")", "(?:", "(?s)", "(?i)", "(?-m)", "*", "+", "?", "{2}"]  # fmt: skip
SOURCES = st.lists(st.sampled_from(ATOMS), max_size=8).map("".join)
TAG = st.text("aA1-_", min_size=1, max_size=4)


def compiled(source: str) -> Pattern:
    """What is a pattern."""
    try:
        return Pattern.compile(source)
    except InvalidPolicy:
        assume(False)
        raise


@given(SOURCES, TAG)
def test_a_set_matches_as_each_of_its_patterns_does(source: str, tag: str) -> None:
    """A set of RE2 is another machine than a single pattern."""
    pattern, other = compiled(source), Pattern.compile("1")
    whole, anywhere = PatternSet.of([other, pattern], whole=True), PatternSet.of([pattern], whole=False)
    assert whole is not None
    assert anywhere is not None
    assert (1 in (whole.matches(tag) or ())) is bool(re2.fullmatch(source, tag))
    assert list(anywhere.matches(tag) or ()) == [0] * bool(re2.search(source, tag))


@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.parametrize(
    "source", [r"(?:.*\pL){30}", r"(?:.*\pL){300}", r"(?:[a-f0-9\pN]{1,99}-){9}x?.*", r".*a.{300}|.*1"]
)
def test_no_pattern_is_too_large_for_a_set(source: str, count: int) -> None:
    """A set that runs out of memory would match nothing, without an error."""
    many = PatternSet.of([Pattern.compile(f"{source}|x{{{index}}}") for index in range(count)], whole=True)
    assert many is not None
    for tag in ("a" * 100, "a" * 300, "a1-" * 9, "a" * 310 + "1", "-" * 300):
        assert len(many.matches(tag) or ()) == count * bool(re2.fullmatch(source, tag))


@given(SOURCES.map("((?:{}))".format), TAG)
def test_a_template_takes_the_groups_of_the_first_match(source: str, tag: str) -> None:
    pattern = compiled(source)
    match = re2.search(source, tag)
    assert Template((1, "!")).expand(pattern, tag) == (match and f"{match[1] or ''}!")


def test_a_pattern_that_would_take_exponential_time_is_one_like_any_other() -> None:
    """Python's own matcher would be at it until the end of time."""
    spec = {"alphabetical": {}, "filter_tags": {"pattern": "^(a+)+$"}, "ignore_tags": ["(a|a)*b"]}
    assert chosen(spec, ["a" * 127 + "-", "a" * 128]) == "a" * 128


def test_a_rejected_pattern_writes_nothing_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    """RE2 writes to standard error by default."""
    with pytest.raises(InvalidPolicy, match=r"\(\?!"):
        Pattern.compile("(?!x)")
    assert capfd.readouterr() == ("", "")
