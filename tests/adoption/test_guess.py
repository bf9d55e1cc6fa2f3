"""What one tag tells of the policy that chose it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcpin.adoption.guess import guess
from fcpin.image import TagRecord, is_tag
from fcpin.policy import Policy
from tests.policy.choosing import at

COMMIT = "83f96b6c0ffee0123456789abcdef0123456789a"
GUESSES: list[tuple[str, str, dict[str, Any]]] = [
    ("a commit after a name", f"release-{COMMIT}", {"policy": {"family": {"name": "release"}}}),
    ("a short commit", "release-83f96b6", {"policy": {"family": {"name": "release"}}}),
    ("a number after a name", "main-12", {"policy": {"family": {"name": "main"}}}),
    ("a name of several words", "my-app-12", {"policy": {"family": {"name": "my-app"}}}),
    (
        "a date and a commit",
        "my-app-20261122-83f96b6",
        {"policy": {"newest": {"by": "pushed"}}, "filter_tags": {"pattern": "^my-app-[0-9]+-[0-9a-f]{7,64}$"}},
    ),
    ("a version", "1.4.2", {"policy": {"semver": {"range": "1.x"}}}),
    ("a version with v", "v12.0.1", {"policy": {"semver": {"range": "12.x"}}}),
    ("a version before 1.0", "0.3.7", {"policy": {"semver": {"range": "0.3.x"}}}),
    ("a pre-release", "1.5.0-rc.1", {"policy": {"semver": {"range": ">=1.5.0-0, <2.0.0-0"}}}),
    ("a pre-release before 1.0", "0.5.0-beta", {"policy": {"semver": {"range": ">=0.5.0-0, <0.6.0-0"}}}),
    (
        "a version with an ending",
        "1.4.2-alpine3.20",
        {
            "policy": {"semver": {"range": "1.x"}},
            "filter_tags": {"pattern": r"^(?P<version>.*)-alpine3\.20$", "extract": "$version"},
        },
    ),
    ("a version of two numbers", "v1.4", {"policy": {"semver": {"range": "1.x", "strict": False}}}),
    ("a number", "128", {"policy": {"numerical": {"order": "asc"}}}),
    (
        "a commit",
        COMMIT,
        {"policy": {"newest": {"by": "pushed"}}, "filter_tags": {"pattern": "^[0-9a-f]{7,64}$"}},
    ),
    ("an accelerated image", "main-12_accelerated", {"policy": {"family": {"name": "main"}}, "accelerated": "prefer"}),
    ("a version and a libc", "2.0.0-musl", {"policy": {"semver": {"range": "2.x"}}, "filter_tags": {"pattern": "^(?P<version>.*)-musl$", "extract": "$version"}}),
    ("latest", "latest", {"policy": {"digest": {"tag": "latest"}}}),
    ("a branch", "feature-login", {"policy": {"digest": {"tag": "feature-login"}}}),
    ("a word that is short for a commit", "main-beef", {"policy": {"digest": {"tag": "main-beef"}}}),
    ("a version and the unknown", "1.4.2_x", {"policy": {"digest": {"tag": "1.4.2_x"}}}),
]  # fmt: skip


@pytest.mark.parametrize(("tag", "spec"), [row[1:] for row in GUESSES], ids=[row[0] for row in GUESSES])
def test_the_policy_that_a_tag_suggests(tag: str, spec: dict[str, Any]) -> None:
    assert guess(tag).spec == spec


@pytest.mark.parametrize("tag", [row[1] for row in GUESSES])
def test_a_tag_that_moves_comes_with_a_word_about_it(tag: str) -> None:
    found = guess(tag)
    assert bool(found.note) == ("digest" in found.spec["policy"])
    assert not found.note or "outage" in found.note


ANY_TAG = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,30}", fullmatch=True).filter(is_tag)
LIKELY = st.sampled_from([row[1] for row in GUESSES])


@given(ANY_TAG | LIKELY)
def test_a_guess_is_valid_and_keeps_the_tag_that_runs(tag: str) -> None:
    """Adopted and alone, a function stays where it is, whatever its tag looks like."""
    records = [TagRecord(tag, pushed=at(0))]
    if tag.endswith("_accelerated") and tag != "_accelerated":
        records.append(TagRecord(tag.removesuffix("_accelerated"), pushed=at(0)))
    chosen = Policy.from_spec(guess(tag).spec).select(records, current=None, now=at(0)).chosen
    assert chosen is not None
    assert chosen.tag == tag
