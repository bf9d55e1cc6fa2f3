"""Each order on its own: which tags it compares, and how."""

from typing import Any

import pytest

from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord
from tests.policy.choosing import choose, chosen, ranked, reasons, tag
from tests.support.tables import table

Spec = dict[str, Any]
MAIN: Spec = {"family": {"name": "main"}}
UNNAMED: Spec = {"family": {}}
SEED: Spec = {"family": {"name": "a-b", "rule": "seed"}}
PUSHED: Spec = {"newest": {}}
CREATED: Spec = {"newest": {"by": "created"}}
DIGEST: Spec = {"digest": {"tag": "main"}}
UP: Spec = {"alphabetical": {}}
DOWN: Spec = {"alphabetical": {"order": "desc"}}
NUMBER: Spec = {"numerical": {}}
SMALLEST: Spec = {"numerical": {"order": "desc"}}
BUILDS: Spec = {**NUMBER, "filter_tags": {"pattern": r"^b(?P<n>.*)$", "extract": "$n"}}
SUFFIXED: Spec = {**MAIN, "filter_tags": {"pattern": r"^(main-\d+)-amd64$", "extract": "$1"}}


def semver(range_: str, **more: object) -> Spec:
    return {"semver": {"range": range_, **more}}


SELECTIONS = [
    # label, spec, tags, current, chosen
    ("alphabetical: the last", UP, ["alpha", "zulu", "mike"], None, "zulu"),
    ("alphabetical: the first", DOWN, ["alpha", "zulu", "mike"], None, "alpha"),
    ("alphabetical: capitals come before small letters, as bytes do", UP, ["Z", "a"], None, "a"),
    ("alphabetical: ten comes before nine", UP, ["9", "10"], None, "9"),
    ("numerical: the greatest", NUMBER, ["9", "10", "2"], None, "10"),
    ("numerical: the smallest", SMALLEST, ["9", "10", "2"], None, "2"),
    ("numerical: exact", NUMBER, ["20261122123456781", "20261122123456782"], None, "20261122123456782"),
    ("numerical: zeros in front do not count", NUMBER, ["010", "9"], None, "010"),
    ("numerical: decimals", NUMBER, ["1.5", "1.25"], None, "1.5"),
    ("numerical: three numbers are not a number", NUMBER, ["1.5.0"], None, None),
    ("numerical: no other notation", NUMBER, ["1e5", "Inf", "NaN", "0x10", "1_000", "٣", "3"], None, "3"),
    ("numerical: below zero", BUILDS, ["b-5", "b-40"], None, "b-5"),
    ("numerical: above zero", BUILDS, ["b-5", "b-40", "b0.5"], None, "b0.5"),
    ("newest: pushed last", PUSHED, [tag("a", 1, created=9), tag("b", 3, created=1), tag("c", 2)], None, "b"),
    ("newest: built last", CREATED, [tag("a", 1, created=9), tag("b", 3, created=1)], None, "a"),
    ("newest: without times", PUSHED, ["a", "b"], None, None),
    ("digest: only that tag", DIGEST, ["main", "main-2", "latest"], None, "main"),
    ("digest: the tag is gone", DIGEST, ["main-2"], "main", None),
    ("digest: from any other tag", DIGEST, ["main", "main-2"], "main-2", "main"),
    ("semver: inside the range, as published", semver("1.4.x"), ["v1.4.0", "v1.4.2", "v1.5.0"], None, "v1.4.2"),
    ("semver: zeros in the range", semver("~2022.04.01"), ["2022.04.1", "2022.4.2", "2022.05.1"], None, "2022.4.2"),
    ("semver: 1.04.0 and 1.4.0 tie: the greater name", semver("*"), ["1.4.0", "1.04.0", "01.4.0"], None, "1.4.0"),
    ("semver: of a tie the one pushed last", semver("*"), [tag("1.04.0", 2), tag("1.4.0", 1)], None, "1.04.0"),
    ("semver: v1.2.3 and 1.2.3 tie", semver("*"), ["1.2.3", "v1.2.3"], None, "v1.2.3"),
    ("semver: what is not a version", semver("*"), ["0a1b2c3", "1234567", "1.2", "b1.0.3", "1.0.0"], None, "1.0.0"),
    ("semver: a pre-release that is named", semver(">=1.0.0-0"), ["1.0.0", "1.1.0-rc.1"], None, "1.1.0-rc.1"),
    ("semver: a pre-release of the one alternative that names it", semver(">=1.0.0-0 <1.2.0 || ^3"), ["1.1.0-rc.1", "3.0.0-rc.1"], None, "1.1.0-rc.1"),
    ("semver: either alternative", semver("~1.2 || ^3"), ["1.2.9", "2.0.0", "3.1.0", "4.0.0"], None, "3.1.0"),
    ("semver: nothing inside", semver("^9"), ["1.0.0"], None, None),
    ("semver: loose versions on request", semver("1.x", strict=False), ["1.2", "1.1.0", "2"], None, "1.2"),
    ("semver: a loose hash, at the user's own risk", semver("*", strict=False), ["1.2", "1234567", "v1.0.0"], None, "1234567"),
    ("family: the one pushed last", MAIN, [tag("main-aa", 3), tag("main-bb", 2)], None, "main-aa"),
    ("family: push time beats the number", MAIN, [tag("main-1", 9), tag("main-2", 1)], None, "main-1"),
    ("family: without push times the number", MAIN, ["main-2", "main-11", "main-9"], None, "main-11"),
    ("family: numbers of any length", MAIN, [f"main-1{'0' * 60}1", f"main-1{'0' * 60}2"], None, f"main-1{'0' * 60}2"),
    ("family: without either the build time", MAIN, [tag("main-aa", created=1), tag("main-bb", created=2)], None, "main-bb"),
    ("family: one hash among numbers: numbers order nothing", MAIN, ["main-1", "main-2", "main-0a1b2c3"], None, None),
    ("family: a single candidate needs no order", MAIN, ["main-0a1b2c3", "other-1"], None, "main-0a1b2c3"),
    ("family: the bare name is not a candidate", MAIN, ["main"], None, None),
    ("family: a function on the bare name moves", MAIN, [tag("main", 9), tag("main-11", 1)], "main", "main-11"),
    ("family: another suffix makes another family", MAIN, ["main-11", "main-12-arm64"], None, "main-11"),
    ("family: a name that begins alike is another family", MAIN, ["main-1", "main2-5", "maintenance-9"], None, "main-1"),
    ("family: no dash at the end without a suffix", MAIN, ["main-"], None, None),
    ("family: unnamed it is that of the current tag", UNNAMED, ["main-2", "main-33", "dev-99"], "main-2", "main-33"),
    ("family: unnamed on the bare name", UNNAMED, ["main-2", "main-33", "dev-99"], "main", "main-33"),
    ("family: everything before the last dash is the name", UNNAMED, ["rel-a-1", "rel-b-2"], "rel-a-1", "rel-a-1"),
    ("family: the seed's rule compares the first segment", SEED, ["a-b-1", "a-c-2", "a-3", "x-b-4"], None, "a-c-2"),
    ("family: of extracted values", SUFFIXED, ["main-2-amd64", "main-10-amd64", "main-11-arm64"], None, "main-10-amd64"),
]  # fmt: skip


@table("spec tags current expected", SELECTIONS)
def test_selections(spec: Spec, tags: list[str | TagRecord], current: str | None, expected: str | None) -> None:
    for listing in (tags, tags[::-1]):
        assert chosen(spec, listing, current) == expected


REJECTIONS = [
    # label, spec, tags, rejected tag, fact of its reason
    ("not a number", NUMBER, ["1", "2", "x", "y"], "x", "is not a number"),
    ("without a push time", PUSHED, [tag("a", 1), tag("b", created=5)], "b", "push time"),
    ("without a build time", CREATED, [tag("a", 1), tag("b", created=5)], "a", "build time"),
    ("another tag than the moving one", DIGEST, ["main", "main-2"], "main-2", "is not main"),
    ("another family", MAIN, ["main-1", "dev-2"], "dev-2", "family main-*"),
    ("a pre-release", semver("1.x"), ["1.2.0", "1.3.0-rc.1"], "1.3.0-rc.1", ">=1.0.0-0"),
    ("outside the range", semver("1.x"), ["1.2.0", "2.0.0"], "2.0.0", "outside 1.x"),
    ("not a version", semver("1.x"), ["1.2.0", "main"], "main", "X.Y.Z"),
    ("an older version", semver("1.x"), ["1.2.0", "1.1.0"], "1.1.0", "1.2.0"),
]


@table("spec tags rejected fact", REJECTIONS)
def test_a_rejection_names_its_reason(spec: Spec, tags: list[str | TagRecord], rejected: str, fact: str) -> None:
    assert fact in reasons(choose(spec, tags))[rejected]


def test_rejections_are_counted() -> None:
    selection = choose(NUMBER, ["1", "2", "x", "y"])
    assert selection.summary == "newest of 2 of 4 tags by number"
    assert selection.counts["is not a number"] == 2


@table("spec tags fact", [("times", PUSHED, ["a", "b"], "push time"), ("hashes", MAIN, ["main-0a1b2c3", "main-4d5e6f7"], "build time")])  # fmt: skip
def test_tags_that_cannot_be_ordered_have_a_reason(spec: Spec, tags: list[str], fact: str) -> None:
    assert fact in choose(spec, tags).reason


def test_a_family_without_a_name_needs_a_current_tag() -> None:
    with pytest.raises(InvalidPolicy, match=r"family\.name.*current tag"):
        choose(UNNAMED, ["main-1"])


def test_a_moving_tag_is_an_outage_window_and_warned_of() -> None:
    (warning,) = choose(DIGEST, ["main"]).warnings
    assert "resolved image uri deleted" in warning
    assert "main-<sha>" in warning
    assert not choose({**DIGEST, "protect": "pin_tag"}, ["main"]).warnings


HASHES = [TagRecord("main-bb"), TagRecord("main-aa"), TagRecord("dev-cc"), tag("main-dd", created=1)]
BUILD_TIMES = [
    # label, spec, tags, current, whose build times are needed
    ("by build time", CREATED, ["b", "a", tag("c", created=1), "sha256-" + "0" * 64], None, ["a", "b"]),
    ("by push time", PUSHED, ["b", "a"], None, []),
    ("a family of hashes", MAIN, HASHES, None, ["main-aa", "main-bb"]),
    ("a family of numbers", MAIN, ["main-1", "main-2"], None, []),
    ("a family with push times", MAIN, [tag("main-aa", 1), tag("main-bb", 2)], None, []),
    ("a family of one", MAIN, ["main-aa"], None, []),
    ("of the current tag one", UNNAMED, HASHES, "dev-1", []),
]


@table("spec tags current expected", BUILD_TIMES)
def test_build_times_are_needed_only_where_nothing_else_orders(
    spec: Spec, tags: list[str | TagRecord], current: str | None, expected: list[str]
) -> None:
    assert ranked(spec, tags).needs_build_times(current) == expected
