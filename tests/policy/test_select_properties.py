"""What holds for every policy over every listing."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from hypothesis import given, reject, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord, parse_digest
from fcpin.policy import Policy, Ranking, Selection
from fcpin.policy.semver import parse_version
from tests.policy.choosing import at

SPECS: Mapping[str, Mapping[str, object]] = {
    "family": {"policy": {"family": {"name": "main"}}},
    "seed": {"policy": {"family": {"name": "a-b", "rule": "seed"}}},
    "semver": {"policy": {"semver": {"range": ">=1.0.0-0 <3"}}},
    "numerical": {"policy": {"numerical": {}}, "filter_tags": {"pattern": r"(\d+)$", "extract": "$1"}},
    "descending": {"policy": {"numerical": {"order": "desc"}}, "filter_tags": {"pattern": r"(\d+)$", "extract": "$1"}},
    "alphabetical": {"policy": {"alphabetical": {}}, "ignore_tags": ["main"]},
    "newest": {"policy": {"newest": {}}},
    "created": {"policy": {"newest": {"by": "created"}}},
    "digest": {"policy": {"digest": {"tag": "main"}}},
    "aged": {"policy": {"numerical": {}}, "filter_tags": {"pattern": r"(\d+)$", "extract": "$1"}, "min_age": "2h"},
    "aged versions": {"policy": {"semver": {"range": "*"}}, "min_age": "2h"},
    "preferred": {
        "policy": {"numerical": {}},
        "filter_tags": {"pattern": r"(\d+)$", "extract": "$1"},
        "accelerated": "prefer",
        "accelerated_wait": "1h",
    },
    "required": {"policy": {"family": {"name": "main"}}, "accelerated": "require"},
    "aged digest": {"policy": {"digest": {"tag": "main"}}, "min_age": "2h"},
}
NAMES = st.one_of(
    st.sampled_from(["main", "latest", "v1.0.0", "1.0.0", "1.2.0-rc.1", "main-1_accelerated", "sha256-" + "a" * 64, "-", ""]),
    st.integers(0, 30).map(lambda number: f"main-{number}"),
    st.integers(0, 3).map(lambda number: f"a-b-{number}"),
    st.integers(0, 3).map(lambda number: f"main-{number}_accelerated"),
    st.integers(0, 3).map(lambda number: f"main-{number}"),
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)).map(lambda parts: ".".join(map(str, parts))),
    st.text(max_size=6),
)  # fmt: skip
TIMES = st.one_of(st.none(), st.integers(0, 5).map(at))
RECORDS = st.builds(
    TagRecord,
    tag=NAMES,
    digest=st.sampled_from([None, parse_digest("1" * 64), parse_digest("2" * 64)]),
    pushed=TIMES,
    created=TIMES,
    status=st.sampled_from(["NORMAL", "NORMAL", "NORMAL", "DELETING"]),
)
LISTINGS = st.lists(RECORDS, max_size=12, unique_by=lambda record: record.tag)
POLICIES = st.sampled_from(sorted(SPECS)).map(lambda name: Policy.from_spec(SPECS[name]))
CURRENT = st.one_of(st.none(), NAMES)
NOW = at(5)


def decide(
    policy: Policy, listing: list[TagRecord], current: str | None = None, *, min_age_bypass: bool = False
) -> Selection:
    """What the policy answers, if it does: push times may be missing altogether."""
    try:
        return Ranking(policy, listing).select(current, now=NOW, min_age_bypass=min_age_bypass)
    except InvalidPolicy:
        reject()


@given(POLICIES, LISTINGS, CURRENT, st.randoms(use_true_random=False))
def test_every_selection(policy, listing, current, random) -> None:  # type: ignore[no-untyped-def]
    """It accounts for every tag once, keeps or chooses, is stable, and does not depend on the order of the listing."""
    selection = decide(policy, listing, current)
    accounted = [rejection.tag for rejection in selection.rejected]
    if selection.chosen is not None:
        assert selection.chosen in listing
        accounted.append(selection.chosen.tag)
        again = decide(policy, listing, selection.chosen.tag)
        assert again.chosen == selection.chosen
        assert again.reason.startswith("already")
    assert sorted(accounted) == sorted(record.tag for record in listing)
    assert all(rejection.reason for rejection in selection.rejected)
    assert selection.reason
    assert not (selection.keep and selection.chosen is not None)
    assert not (selection.keep and current is None)
    shuffled = list(listing)
    random.shuffle(shuffled)
    other = decide(policy, shuffled, current)
    assert selection == other
    assert selection.rejected == other.rejected


@given(
    st.sampled_from(["semver", "aged versions"]),
    LISTINGS,
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)),
)
def test_never_an_older_version_without_leave(
    name: str, listing: list[TagRecord], numbers: tuple[int, int, int]
) -> None:
    current = ".".join(map(str, numbers))
    selection = decide(Policy.from_spec(SPECS[name]), listing, current)
    if selection.chosen is not None:
        chosen, before = parse_version(selection.chosen.tag), parse_version(current)
        assert chosen is not None
        assert before is not None
        assert not chosen < before


@given(LISTINGS, st.integers(0, 30))
def test_never_a_tag_pushed_earlier_without_leave(listing: list[TagRecord], number: int) -> None:
    current = f"main-{number}"
    pushed = {record.tag: record.pushed for record in listing}
    selection = decide(Policy.from_spec(SPECS["newest"]), listing, current)
    if selection.chosen is not None:
        before, after = pushed[current], selection.chosen.pushed
        assert before is not None, "it was not listed, or without a time: its place is not known"
        assert after is not None
        assert not after < before


@given(LISTINGS, CURRENT)
def test_never_a_tag_that_is_too_young(listing: list[TagRecord], current: str | None) -> None:
    selection = decide(Policy.from_spec(SPECS["aged"]), listing, current)
    if selection.chosen is not None:
        assert selection.chosen.pushed is not None
        assert selection.chosen.pushed <= NOW - timedelta(hours=2)


@given(LISTINGS, st.integers(0, 30))
def test_nothing_is_taken_back_for_being_too_young(listing: list[TagRecord], number: int) -> None:
    current = f"main-{number}"
    policy = replace(Policy.from_spec(SPECS["aged"]), allow_downgrade=True)
    usable = [record for record in listing if record.status == "NORMAL"]
    young = {record.tag for record in usable if record.pushed and record.pushed > NOW - timedelta(hours=2)}
    selection = decide(policy, listing, current)
    if current in young and selection.chosen is not None:
        assert int(re.findall(r"\d+$", selection.chosen.tag)[0]) >= number


@given(POLICIES, LISTINGS, CURRENT)
def test_options_that_lift_a_rule(policy: Policy, listing: list[TagRecord], current: str | None) -> None:
    """A bypass is as if there were no age, and with allow_downgrade nothing is kept."""
    plain = decide(replace(policy, min_age=None), listing, current)
    assert decide(policy, listing, current, min_age_bypass=True).chosen == plain.chosen
    if policy.min_age is None and not policy.gates(min_age_bypass=True):
        assert not decide(replace(policy, allow_downgrade=True), listing, current).keep


@given(st.text(max_size=30), st.text(max_size=10))
@settings(max_examples=300)
def test_any_text_is_a_pattern_a_range_or_a_problem(pattern: str, extract: str) -> None:
    """Reading a policy raises InvalidPolicy and nothing else."""
    spec: dict[str, object] = {
        "policy": {"semver": {"range": pattern}},
        "filter_tags": {"pattern": pattern, "extract": extract},
        "allow_tags": [pattern],
    }
    with suppress(InvalidPolicy):
        Ranking(Policy.from_spec(spec), [TagRecord("1.0.0")]).select()
