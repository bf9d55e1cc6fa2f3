"""The policy that is guessed from one tag."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcpin.image import TagRecord, is_tag, original
from fcpin.policy import Policy, Ranking
from fcpin.serverless_devs.guess import guess
from tests.policy.choosing import at

COMMIT = "83f96b6c0ffee0123456789abcdef0123456789a"
RELEASE = "[0-9]+[.][0-9]+[.][0-9]+".replace("[.]", r"\.")


def filtered(order: dict[str, Any], pattern: str, extract: str = "") -> dict[str, Any]:
    filter_tags = {"pattern": pattern, **({"extract": extract} if extract else {})}
    return {"policy": order, "filter_tags": filter_tags}


def semver(range_: str, **more: object) -> dict[str, Any]:
    return {"semver": {"range": range_, **more}}


NEWEST, NUMERICAL = {"newest": {"by": "pushed"}}, {"numerical": {"order": "asc"}}
GUESSES: list[tuple[str, str, dict[str, Any]]] = [
    ("a commit after a name", f"release-{COMMIT}", filtered({"family": {"name": "release"}}, "^release-[0-9a-f]{40}$")),
    ("a short commit", "release-83f96b6", filtered({"family": {"name": "release"}}, "^release-[0-9a-f]{7}$")),
    ("a number after a name", "main-12", filtered({"family": {"name": "main"}}, "^main-[0-9]{1,6}$")),
    ("a name of several words", "my-app-12", filtered({"family": {"name": "my-app"}}, "^my-app-[0-9]{1,6}$")),
    ("a date and a commit", "my-app-20261122-83f96b6", filtered(NUMERICAL, "^my-app-([0-9]{8})-[0-9a-f]{7}$", "$1")),
    ("a version", "1.4.2", {"policy": semver("1.x")}),
    ("a version with v", "v12.0.1", {"policy": semver("12.x")}),
    ("a version before 1.0", "0.3.7", {"policy": semver("0.3.x")}),
    ("a version of a year", "2022.04.2", {"policy": semver(">=1970.0.0, <2100.0.0")}),
    ("a pre-release", "1.5.0-rc.1", filtered(semver(">=1.5.0-0, <2.0.0-0"), rf"^v?{RELEASE}(?:-rc(?:\.[0-9]+)?)?$")),
    (
        "a pre-release before 1.0",
        "0.5.0-beta",
        filtered(semver(">=0.5.0-0, <0.6.0-0"), rf"^v?{RELEASE}(?:-(?:beta|rc)(?:\.[0-9]+)?)?$"),
    ),
    (
        "a version with an ending",
        "1.4.2-alpine3.20",
        filtered(semver("1.x"), r"^(?P<version>.*)-alpine3\.20$", "$version"),
    ),
    ("numbers after a version", "4.5.5-ls239", filtered(semver(">=4.0.0-0, <5.0.0-0"), rf"^v?({RELEASE})-ls0*([0-9]{{1,6}})$", "$1-$2")),
    ("a version of two numbers", "v1.4", {"policy": semver("1.x", strict=False)}),
    ("a number", "128", filtered(NUMERICAL, "^[0-9]{1,6}$")),
    ("a commit", COMMIT, filtered(NEWEST, "^[0-9a-f]{40}$")),
    ("an accelerated image", "main-12_accelerated", {**filtered({"family": {"name": "main"}}, "^main-[0-9]{1,6}$"), "accelerated": "prefer"}),
    ("its second conversion", "main-11_containerd_accelerated", {**filtered({"family": {"name": "main"}}, "^main-[0-9]{1,6}$"), "accelerated": "prefer"}),
    ("a version and a libc", "2.0.0-musl", filtered(semver("2.x"), "^(?P<version>.*)-musl$", "$version")),
    ("latest", "latest", {"policy": {"digest": {"tag": "latest"}}}),
    ("a branch", "feature-login", {"policy": {"digest": {"tag": "feature-login"}}}),
    ("a word that is short for a commit", "main-beef", {"policy": {"digest": {"tag": "main-beef"}}}),
    ("a placeholder", "1.4.x", {"policy": {"digest": {"tag": "1.4.x"}}}),
    ("a major version that may move", "16-alpine", {"policy": {"digest": {"tag": "16-alpine"}}}),
]  # fmt: skip


@pytest.mark.parametrize(("tag", "spec"), [row[1:] for row in GUESSES], ids=[row[0] for row in GUESSES])
def test_the_policy_that_a_tag_suggests_and_a_note_that_describes_it(tag: str, spec: dict[str, Any]) -> None:
    found = guess(tag)
    assert found.spec == spec
    assert found.note.startswith(("follows ", "stays on ", f"{tag} looks like a tag that moves"))
    assert ("digest" in found.spec["policy"]) is not found.note.startswith("follows ")
    assert "\n" not in found.note


# deployed; the next, which must be taken; older, which must not be; of another shape or line, although pushed last
SHAPES: list[tuple[str, str, str, list[str]]] = [
    ("1.2.3", "1.10.0", "1.2.2", ["2.0.0", "1.11.0-rc.1", "1.11.0-alpine", "20261122", "83f96b6", "latest"]),
    ("v1.2.3", "v1.3.0", "v1.1.9", ["v2.0.0", "v1.4.0-9-g2414721", "main-12"]),
    ("0.3.7", "0.3.8", "0.3.6", ["0.4.0", "1.0.0"]),
    ("1.2", "1.10", "1.1", ["2.0", "1.11-alpine", "1234567", "12"]),
    ("128", "1000", "99", ["20261122", "1234567", "1764600000", "129-debug"]),
    ("1.2.3.4", "1.2.3.10", "1.2.3.3", ["2.0.0.1", "1.2.3.11-debug"]),
    ("2022.01.1", "2022.04.2", "2021.12.9", ["20220501.0.0", "2022.05.1-rc.1"]),
    ("2026.12.28", "2027.1.4", "2026.9.30", ["4.5.6", "2027.2.1-debug"]),
    ("24.04", "26.04", "23.10", ["24", "104.1"]),
    ("1.5.0-rc.9", "1.5.0-rc.10", "1.5.0-rc.8", ["1.5.0-beta.11", "1.6.0-alpine", "2.0.0", "2.0.0-rc.1", "1.6.0-rc.1-debug"]),
    ("1.5.0-rc.9", "1.5.0", "1.4.9", ["1.6.0-debian"]),
    ("1.5.0-rc9", "1.5.0", "1.5.0-rc8", ["2.0.0"]),
    ("1.5.0-beta.2", "1.5.0-rc.1", "1.5.0-beta.1", ["1.5.0-alpha.3", "1.5.0-snapshot"]),
    ("1.5.0-rc.1-alpine", "1.5.0-alpine", "1.4.0-alpine", ["1.6.0", "1.6.0-rc.1", "1.6.0-debian"]),
    ("1.5.0rc9", "1.5.0rc10", "1.5.0rc8", ["1.5.1"]),
    ("1.0.0-SNAPSHOT", "1.1.0-SNAPSHOT", "0.9.0-SNAPSHOT", ["1.2.0-alpine"]),
    ("1.2.3-alpine3.19", "1.10.0-alpine3.19", "1.2.2-alpine3.19", ["1.11.0-alpine3.20", "1.11.0", "2.0.0-alpine3.19", "1.11.0-rc.1-alpine3.19"]),
    ("1.25.3-bookworm-slim", "1.25.10-bookworm-slim", "1.25.2-bookworm-slim", ["1.25.11-bookworm", "1.25.11-slim", "1.25.11-alpine"]),
    ("3.12-slim", "3.13-slim", "3.9-slim", ["3.14", "3.14-bookworm-slim", "4.0-slim"]),
    ("4.5.5-ls239", "4.5.6-ls244", "4.5.5-ls99", ["4.5.7", "4.5.7-debug", "5.0.0-ls1", "amd64-4.5.7-ls245"]),
    ("amd64-4.5.5-ls239", "amd64-4.5.6-ls244", "amd64-4.5.5-ls238", ["arm64-4.5.7-ls245", "4.5.7-ls245"]),
    ("0.9.4-2-alpine", "0.9.4-10-alpine", "0.9.4-1-alpine", ["0.9.4-11-debian", "0.9.5-1-debian", "0.9.5", "0.10.0-1-alpine"]),
    ("1.2.3-9", "1.2.3-10", "1.2.3-8", ["1.2.4-1-debian", "2.0.0-1"]),
    ("1.2.3-debian-12-r9", "1.2.3-debian-12-r10", "1.2.3-debian-12-r8", ["1.2.4-debian-13-r0", "1.2.4"]),
    ("jdk-17.0.9_9-jre", "jdk-17.0.10_7-jre", "jdk-17.0.9_8-jre", ["jdk-17.0.11_1-jdk", "jdk-21.0.1_1-jre", "17.0.11"]),
    ("release-1.2.3", "release-1.10.0", "release-1.2.2", ["1.11.0", "release-2.0.0", "release-1.11.0-rc.1", "release-12"]),
    ("python3.11-1.2.3", "python3.11-1.2.4", "python3.11-1.2.2", ["python3.12-1.2.5"]),
    ("1.2.3-83f96b6", "1.2.4-0abcdef", "1.2.2-fffffff", ["1.3.0", "1.3.0-debug", "2.0.0-0abcdef"]),
    ("1.2.3-20261228", "1.2.3-20270104", "1.2.3-20261122", ["1.2.4", "1.2.4-1"]),
    ("2026.11.22-153012", "2026.11.23-093012", "2026.11.22-093012", ["2026.11.24"]),
    ("v1.2.3-9-g2414721", "v1.2.3-14-gabcdef1", "v1.2.3-8-g0000001", ["v2.0.0", "v1.3.0-rc.1", "v1.3.0-1-g2414721-dirty"]),
    ("v1.2.3-9-g2414721", "v1.2.4", "v1.2.3", ["v2.0.0-1-gabcdef1"]),
    ("v1.2.3-9-g2414721-alpine", "v1.2.3-100-gabcdef12-alpine", "v1.2.3-alpine", ["v1.2.4-1-gabcdef1"]),
    ("v1.2.3-rc.1-9-g2414721", "v1.2.3-rc.1-10-gabcdef1", "v1.2.3-rc.1-8-gabcdef1", ["v1.2.3-beta.9-1-gabcdef1"]),
    ("20261228", "20270104", "20261122", ["1234567", "99999", "20270105-debug"]),
    ("20261228.9", "20261228.10", "20261228.8", ["20270104", "2027.1.4"]),
    ("2026-12-28", "2027-01-04", "2026-11-30", ["2027-01-05-debug", "4000", "99-1-1"]),
    ("2026-12-28T15-30-12Z", "2027-01-04T05-01-02Z", "2026-12-28T09-30-12Z", ["2027-01-05", "2027-01-05T00-00-00Z-cpuv1"]),
    ("20261228T153012Z", "20270104T050102Z", "20261228T093012Z", ["20270105"]),
    ("nightly-2026-12-28", "nightly-2027-01-04", "nightly-2026-12-27", ["2027-01-05", "weekly-2027-01-05", "nightly-latest"]),
    ("22-12-2026", "04-01-2027", "21-12-2026", ["2027-01-05", "23-12-2026-debug"]),
    ("v22.12.2026", "v04.01.2027", "v21.12.2026", ["v2027.1.5", "v23.1.0"]),
    ("20261122-83f96b6", "20261123-0abcdef", "20261121-fffffff", ["83f96b7", "20261124", "20261124-debug"]),
    ("release-20261122-83f96b6", "release-20261123-0abcdef", "release-20261121-fffffff", ["dev-20261124-0abcdef", "release-83f96b7"]),
    ("main-83f96b6-1764600000", "main-0abcdef-1764600001", "main-fffffff-1764599999", ["dev-0abcdef-1764600002", "main-0abcdef"]),
    ("main-83f96b6", "main-0abcdef", "main-fffffff", ["main-latest", "main-debug", "dev-0abcdef", "main-12"]),
    ("sha-83f96b6", "sha-0abcdef", "sha-fffffff", ["main", "0abcdef"]),
    ("main-999", "main-1000", "main-998", ["main-latest", "main-1001-debug", "dev-1001", "main-1234567"]),
    ("r1234", "r1235", "r999", ["r1236-debug", "1236"]),
    ("12-83f96b6", "13-0abcdef", "9-fffffff", ["14", "20261122-0abcdef", "main-14-0abcdef"]),
    ("main-12-83f96b6", "main-13-0abcdef", "main-9-fffffff", ["dev-14-0abcdef", "main-0abcdef", "main-14"]),
    ("main-83f96b6-2", "main-0abcdef-1", "main-fffffff-9", ["main-0abcdef", "dev-0abcdef-3"]),
    ("main-12-alpine", "main-100-alpine", "main-9-alpine", ["main-101-debian", "main-101"]),
    ("pr-12-83f96b6", "pr-12-0abcdef", "pr-12-fffffff", ["pr-13-0abcdef", "main-0abcdef"]),
    ("83f96b6", "0abcdef", "fffffff", ["main-0abcdef", "20261122", COMMIT, "129", "latest"]),
    (COMMIT, COMMIT[::-1], "f" * 40, ["83f96b6", "latest"]),
    ("jammy-20261111", "jammy-20270104", "jammy-20261001", ["noble-20270201", "jammy-20270201-slim"]),
    ("noble-20261118.1", "noble-20261118.2", "noble-20261001", ["jammy-20270201.1"]),
    ("bookworm-20261111-slim", "bookworm-20270104-slim", "bookworm-20261001-slim", ["trixie-20270201-slim", "bookworm-20270201"]),
    ("1.2.3-45.83f96b6", "1.2.3-100.0abcdef", "1.2.3-44.fffffff", ["1.2.3-101", "2.0.0-1.0abcdef"]),
    ("1.2.3.83f96b6", "1.2.4.0abcdef", "1.2.2.fffffff", ["1.3.0", "1.3.0.9"]),
    ("v1.31.2-k3s1", "v1.31.2-k3s2", "v1.31.1-k3s9", ["v1.32.0", "v1.32.0-rke2r1"]),
    ("2026.Q4.9", "2027.Q1.0", "2026.Q4.8", ["2028", "2028.1.1", "2027.Q2.1-debug"]),
    ("83f96b6-alpine-3.20", "0abcdef-alpine-3.20", "fffffff-alpine-3.20", ["0abcdef-alpine-3.21", "0abcdef"]),
    ("20261228-alpine-3.20", "20270104-alpine-3.20", "20261122-alpine-3.20", ["20270105-alpine-3.21"]),
    ("1.2.3-linux-arm-v7", "1.2.4-linux-arm-v7", "1.2.2-linux-arm-v7", ["1.2.5-linux-arm-v8", "1.2.5"]),
    ("1.2.3-1.el8", "1.2.3-2.el8", "1.2.2-9.el8", ["1.2.4-1.el9"]),
    ("2026-12-28.9", "2026-12-28.10", "2026-12-28.8", ["2027-01-05", "2027.1.5"]),
    ("23_37-jdk", "23_38-jdk", "23_36-jdk", ["24_36-jdk", "23_39-jre"]),
    ("api-v1-9", "api-v1-10", "api-v1-8", ["api-v2-1"]),
    ("build12-83f96b6", "build13-0abcdef", "build9-fffffff", ["ci14-0abcdef"]),
]  # fmt: skip


def answer(tag: str, *listing: str) -> str:
    """What the guess for *tag* chooses while it is deployed, from *listing* in the order of their pushes."""
    records = [TagRecord(each, pushed=at(hour)) for hour, each in enumerate(listing)]
    selection = Ranking(Policy.from_spec(guess(tag).spec), records).select(tag, now=at(100))
    return tag if selection.keep else selection.chosen.tag if selection.chosen else "none"


@pytest.mark.parametrize(
    ("deployed", "following", "older", "others"), SHAPES, ids=[f"{row[0]} to {row[1]}" for row in SHAPES]
)
def test_a_guess_takes_the_next_of_the_shape_and_nothing_else(
    deployed: str, following: str, older: str, others: list[str]
) -> None:
    assert answer(deployed, older, deployed, *others) == deployed
    assert answer(deployed, older, deployed, following, *others) == following
    assert answer(deployed, older, *others) in (deployed, "none"), "also when the deployed tag is gone"


STAYING = [
    "latest",
    "stable",
    "main",
    "1",
    "16",
    "v2",
    "8-jre",
    "16-alpine",
    "pr-12",
    "1.4.x",
    "1.4.2-latest",
    "3.11-1.2.3",
    "8u392-jre",
    "main-3f2a",
    "debian-12",
    "feature-login",
    "jdk-21-ubuntu-22.04",
    "8-jdk-alpine-3.20",
]
OTHERS = ["2", "17", "v3", "9-jre", "17-alpine", "pr-13", "1.5.x", "1.4.3", "3.12-1.2.4", "main-83f96b6", "debian-13"]


@pytest.mark.parametrize("tag", STAYING)
def test_where_no_guess_is_safe_the_tag_stays(tag: str) -> None:
    assert answer(tag, tag, *OTHERS) == tag


ANY_TAG = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,30}", fullmatch=True).filter(is_tag)
PARTS = st.sampled_from(
    [
        "v",
        "1.2",
        "22-11-2026",
        "22.11.2026",
        "v1.2.3",
        "1.02.3.4",
        "rc",
        "007",
        "12",
        "20261122",
        "1764600000",
        "153012123",
        "83f96b6",
        "g2414721",
        "alpine3.20",
        "debian",
        "ls9",
        "T",
        "Z",
        "2026",
        "-",
        "-",
        ".",
        "_",
    ]
)
TAGS = [row[0] for row in SHAPES]
LIKELY = st.lists(PARTS, min_size=1, max_size=9).map("".join).filter(is_tag) | st.sampled_from(TAGS)


@settings(max_examples=50)
@given(ANY_TAG | LIKELY)
def test_a_guess_is_valid_and_keeps_the_tag_that_runs(tag: str) -> None:
    """Adopted and alone, a function stays where it is, whatever its tag looks like."""
    records = [TagRecord(tag, pushed=at(0))]
    if tag.endswith("_accelerated") and tag != "_accelerated":
        records.append(TagRecord(original(tag), pushed=at(0)))
    chosen = Ranking(Policy.from_spec(guess(tag).spec), records).select(now=at(0)).chosen
    assert chosen is not None
    assert chosen.tag == (original(tag) if "_containerd_" in tag else tag)
