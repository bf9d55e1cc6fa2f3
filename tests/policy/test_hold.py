"""A hold: an exception from the policy with an end. In the order of the module's rules."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord
from fcpin.policy import Policy, Ranking
from tests.policy.choosing import at, choose, chosen, reasons, tag
from tests.support.tables import table

FAMILY: dict[str, object] = {"policy": {"family": {"name": "main"}}}
UNTIL = "2026-01-03T02:00:00Z"
"""Hour 50."""
TAGS = [tag("main-1", 1, content="1"), tag("main-2", 2, content="2"), tag("main-3", 3, content="3"), tag("dev-1", 4, content="4")]  # fmt: skip

PIN = tag(f"fcpin-{'c' * 12}", 9, content="c")


def held(**hold: object) -> dict[str, object]:
    return FAMILY | {"hold": {"until": UNTIL, **hold}}


def sha(digit: str) -> str:
    return f"sha256:{digit * 64}"


HELD = [
    # label, hold, tags, current, chosen
    ("an older tag than the policy's", {"tag": "main-2"}, TAGS, None, "main-2"),
    ("an older tag than the deployed one", {"tag": "main-1"}, TAGS, "main-3", "main-1"),
    ("the deployed tag", {"tag": "main-2"}, TAGS, "main-2", "main-2"),
    ("a tag that the policy would never take", {"tag": "dev-1"}, TAGS, "main-3", "dev-1"),
    ("a tag with the digest it is to have", {"tag": "main-2", "digest": sha("2")}, TAGS, None, "main-2"),
    ("a tag of a registry that lists no digests", {"tag": "main-2", "digest": sha("2")}, ["main-1", "main-2"], None, "main-2"),
    ("the tag that has the digest", {"digest": sha("2")}, TAGS, "main-3", "main-2"),
    ("a digest without its algorithm", {"digest": "2" * 64}, TAGS, "main-3", "main-2"),
    ("of tags with the digest the newest by the policy", {"digest": sha("9")}, [tag("main-8", 5, content="9"), tag("main-7", 6, content="9")], None, "main-7"),
    ("of tags with the digest a relative before a stranger", {"digest": sha("9")}, [tag("main-7", 1, content="9"), tag("x", 6, content="9")], None, "main-7"),
    ("of tags with the digest the deployed one", {"digest": sha("9")}, [tag("main-8", 5, content="9"), tag("main-7", 6, content="9")], "main-8", "main-8"),
    ("of strangers with the digest the one pushed last", {"digest": sha("9")}, [tag("a", 6, content="9"), tag("x", 5, content="9")], None, "a"),
    ("a digest of a tag before its pin tag", {"digest": sha("c")}, [tag("hotfix", 1, content="c"), PIN, tag("main-2", 5, content="d")], None, "hotfix"),
    ("a digest of a pin tag when that is all there is", {"digest": sha("c")}, [PIN, tag("main-2", 5, content="d")], None, PIN.tag),
    ("a digest is not taken from a tag that is being deleted", {"digest": sha("9")}, [tag("main-8", 9, content="9", status="DELETING"), tag("main-7", 6, content="9")], None, "main-7"),
]  # fmt: skip


@table("hold tags current expected", HELD)
def test_an_active_hold_wins_over_the_policy(
    hold: Mapping[str, object], tags: list[str | TagRecord], current: str | None, expected: str
) -> None:
    for listing in (tags, tags[::-1]):
        assert chosen(held(**hold), listing, current, now=49) == expected


def test_the_reason_has_tag_end_and_reason() -> None:
    selection = choose(held(tag="main-2", reason="main-3 loses\norders"), TAGS, "main-3")
    assert selection.hold is None, "hour 100 is after the end"
    assert choose(held(tag="main-2"), TAGS, now=49).reason == f"held at main-2 until {UNTIL}"
    selection = choose(held(tag="main-2", reason="main-3 loses\norders"), TAGS, "main-3", now=49)
    assert selection.reason == f"held at main-2 until {UNTIL}: main-3 loses orders"
    assert selection.summary == selection.reason
    assert selection.hold is not None
    assert reasons(selection) == dict.fromkeys(["main-1", "main-3", "dev-1"], f"main-2 is held until {UNTIL}")


@pytest.mark.parametrize("now", [50, 51])
def test_a_hold_that_is_over_leaves_the_choice_to_the_policy_and_asks_to_be_removed(now: int) -> None:
    selection = choose(held(tag="main-1"), TAGS, "main-1", now=now)
    assert selection.chosen is not None
    assert selection.chosen.tag == "main-3"
    (warning,) = selection.warnings
    assert all(fact in warning for fact in ("main-1", "expired", UNTIL, "remove"))
    assert chosen(held(tag="main-0"), TAGS, now=now) == "main-3", "it may name what is gone"


GONE = [
    # label, hold, tags, path, facts
    ("a tag that is not there", {"tag": "main-9"}, TAGS, "hold.tag", ["main-9", "4 tags"]),
    ("a tag that is being deleted", {"tag": "a"}, [tag("a", status="DELETING")], "hold.tag", ["DELETING"]),
    ("a tag that was moved", {"tag": "main-2", "digest": sha("1")}, TAGS, "hold.digest", [sha("1"), sha("2"), "moved"]),
    ("a digest that no tag has", {"digest": sha("9")}, TAGS, "hold.digest", [sha("9"), "4 tags", "platform"]),
    ("a digest where none is listed", {"digest": sha("9")}, ["main-1"], "hold.digest", ["hold.tag"]),
]  # fmt: skip


@table("hold tags path facts", GONE)
def test_a_hold_at_what_is_not_there_is_a_problem(
    hold: Mapping[str, object], tags: list[str | TagRecord], path: str, facts: list[str]
) -> None:
    with pytest.raises(InvalidPolicy) as caught:
        choose(held(**hold) | {"on_empty": "keep"}, tags, "main-1", now=49)
    (problem,) = caught.value.problems
    assert problem.path == path
    for fact in facts:
        assert fact in problem.reason


def test_a_tag_is_checked_once_more_when_its_digest_is_known() -> None:
    hold = choose(held(tag="main-2", digest=sha("2")), ["main-2"], now=49).hold
    assert hold is not None
    hold.check(tag("main-2", content="2"))
    with pytest.raises(InvalidPolicy, match=r"hold\.digest"):
        hold.check(tag("main-2", content="3"))


def test_a_hold_needs_no_build_times() -> None:
    hashes = [TagRecord("main-aa"), TagRecord("main-bb")]
    policy = Policy.from_spec(held(tag="main-aa"))
    assert Ranking(policy, hashes).needs_build_times(now=at(49)) == ()
    assert Ranking(policy, hashes).needs_build_times(now=at(50)) == ["main-aa", "main-bb"]


def test_a_policy_with_a_hold_needs_the_time() -> None:
    with pytest.raises(ValueError, match="now="):
        Ranking(Policy.from_spec(held(tag="main-1")), []).select()


@pytest.mark.parametrize(
    "until", ["2026-12-01T00:00:00Z", "2026-12-01 00:00:00 +0000 UTC", "2026-12-01 08:00:00 +0800 CST"]
)
def test_a_time_without_quotes_arrives_in_the_words_of_the_cli(until: str) -> None:
    hold = Policy.from_spec({"newest": {}, "hold": {"tag": "main-1", "until": until}}).hold
    assert hold is not None
    assert hold.until == datetime(2026, 12, 1, tzinfo=UTC)
