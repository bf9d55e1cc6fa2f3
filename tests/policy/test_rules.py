"""The hard cases, each by the sentence that decides it: what users of such tools meet, and other tools get wrong."""

import pytest

from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord
from tests.policy.choosing import choose, chosen, tag

HASH = "0a" * 32
FAMILY: dict[str, object] = {"family": {"name": "main"}}
NUMBERED: dict[str, object] = {"numerical": {}, "filter_tags": {"pattern": r"^\w+-(\d+)$", "extract": "$1"}}
AGED: dict[str, object] = {"newest": {}, "min_age": "10h"}
HELD: dict[str, object] = FAMILY | {"hold": {"tag": "main-1", "until": "2026-01-31T00:00:00Z"}}

RULES = [
    # the sentence, policy, tags, current, answer
    ("versions are X.Y.Z with an optional v, so a commit of seven digits is none", {"semver": {"range": "*"}}, ["1.2", "1234567", "v1.0.0"], None, "v1.0.0"),
    ("strict: false loosens that, at one's own risk", {"semver": {"range": "*", "strict": False}}, ["1.2", "1234567", "v1.0.0"], None, "1234567"),
    ("integers have any length", {"numerical": {}}, [f"1{'0' * 40}1", f"1{'0' * 40}2"], None, f"1{'0' * 40}2"),
    ("a value that is not a number is skipped and fails nothing", {"numerical": {}}, ["7", "latest"], None, "7"),
    ("newest is the one pushed last unless the user says created", {"newest": {}}, [tag("a", 2, created=1), tag("b", 1, created=2)], None, "a"),
    ("created is for the user to ask for", {"newest": {"by": "created"}}, [tag("a", 2, created=1), tag("b", 1, created=2)], None, "b"),
    ("two tags of one extracted value tie, and the one pushed last wins", NUMBERED, [tag("a-7", 2), tag("b-7", 1)], None, "a-7"),
    ("then the greatest name wins", NUMBERED, ["a-7", "b-7"], None, "b-7"),
    ("two names of one image are no tie, and the deployed one stays", NUMBERED, [tag("a-7", content="1"), tag("b-7", content="1")], "a-7", "a-7"),
    ("signatures, attestations and SBOMs are no images", {"alphabetical": {}}, ["main", f"sha256-{HASH}", f"sha256-{HASH}.sig", f"sha256-{HASH}.att", f"sha256-{HASH}.sbom"], None, "main"),
    ("a tag that is being deleted is skipped", FAMILY, [tag("main-1", 1), tag("main-2", 2, status="DELETING")], None, "main-1"),
    ("an empty result fails when nothing is deployed, whatever on_empty says", FAMILY | {"on_empty": "keep"}, ["dev-1"], None, None),
    ("an empty result fails a deployed function too unless on_empty is keep", FAMILY, ["dev-1"], "main-1", None),
    ("on_empty: keep stays on the deployed pin", FAMILY | {"on_empty": "keep"}, ["dev-1"], "main-1", "keeps main-1"),
    ("a winner that vanished is not replaced by an older tag", FAMILY, ["main-1", "main-2"], "main-3", "keeps main-3"),
    ("allow_downgrade gives leave to", FAMILY | {"allow_downgrade": True}, ["main-1", "main-2"], "main-3", "main-2"),
    ("of ages the newest tag that is old enough is chosen, so that a busy repository does not starve", AGED, [tag("a", 80), tag("b", 85), tag("c", 95), tag("d", 99)], None, "b"),
    ("a tag without a push time is held back where ages count", AGED, [tag("a", 80), tag("b")], None, "a"),
    ("nothing is taken back for being too young", AGED, [tag("a", 80), tag("b", 95)], "b", "keeps b"),
    ("a hold wins over the policy, going back included", HELD, ["main-1", "main-2"], "main-2", "main-1"),
    ("a hold in the past holds nothing", FAMILY | {"hold": {"tag": "main-1", "until": "2026-01-02T00:00:00Z"}}, ["main-1", "main-2"], "main-1", "main-2"),
    ("suspend stops one pin, and a hold with it", HELD | {"suspend": True}, ["main-1", "main-2"], "main-2", "keeps main-2"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "tags", "current", "expected"), [pytest.param(*row[1:], id=row[0]) for row in RULES])
def test_rules(spec: dict[str, object], tags: list[str | TagRecord], current: str | None, expected: str | None) -> None:
    for listing in (tags, tags[::-1]):
        assert chosen(spec, listing, current) == expected


REFUSED = [
    # the sentence, policy, tags, path
    ("two orders are one too many", {"newest": {}, "numerical": {}}, ["1"], "policy"),
    ("min_age without any push times is a problem, not an endless wait", FAMILY | {"min_age": "10h"}, ["main-1", "main-2"], "min_age"),
    ("a hold at a tag that is not there is a problem", HELD, ["main-2"], "hold.tag"),
    ("a hold at a digest that does not exist is a problem", FAMILY | {"hold": {"digest": HASH, "until": "2026-01-31T00:00:00Z"}}, [tag("main-1", content="1")], "hold.digest"),
    ("a family without a name needs a deployed tag", {"family": {}}, ["main-1"], "policy.family.name"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "tags", "path"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_what_is_refused(spec: dict[str, object], tags: list[str | TagRecord], path: str) -> None:
    with pytest.raises(InvalidPolicy) as caught:
        choose(spec, tags)
    assert [problem.path for problem in caught.value.problems] == [path]


SAID = [
    # the sentence, policy, tags, current, facts
    ("what is skipped is counted", {"numerical": {}}, ["7", "latest", "x"], None, ["only one of 3 tags"]),
    ("a moving tag is an outage window, and warned of", {"digest": {"tag": "main"}}, ["main"], None, ["resolved image uri deleted"]),
    ("a pattern without anchors is warned of", FAMILY | {"filter_tags": {"pattern": "main"}}, ["main-1"], None, ["no ^ and $"]),
    ("a tie is said", NUMBERED, ["a-7", "b-7"], None, ["ties with a-7", "greatest name"]),
    ("a winner that is gone is said", FAMILY, ["main-1"], "main-3", ["main-3 is no longer listed", "older", "allow_downgrade"]),
    ("what matures is named with its time", AGED, [tag("a", 80), tag("b", 95)], None, ["b matures at 2026-01-05T09:00:00Z"]),
    ("a hold shows what, until when", HELD, ["main-1"], None, ["held at main-1 until 2026-01-31T00:00:00Z"]),
    ("a hold that is over asks to be removed", FAMILY | {"hold": {"tag": "main-1", "until": "2026-01-02T00:00:00Z"}}, ["main-1"], None, ["expired", "remove it"]),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "tags", "current", "facts"), [pytest.param(*row[1:], id=row[0]) for row in SAID])
def test_what_is_said(
    spec: dict[str, object], tags: list[str | TagRecord], current: str | None, facts: list[str]
) -> None:
    selection = choose(spec, tags, current)
    said = " ".join([selection.reason, *selection.warnings])
    for fact in facts:
        assert fact in said
