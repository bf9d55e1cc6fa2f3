"""Which pushes a policy has to hear of."""

from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from fcpin.errors import InvalidPolicy
from fcpin.image import Digest, TagRecord, parse_digest
from fcpin.policy import Policy, Ranking, could_select
from tests.policy.test_select_properties import CURRENT, LISTINGS, NOW, RECORDS, SPECS
from tests.support.tables import table

MAIN: dict[str, object] = {"policy": {"family": {"name": "main"}}}
VERSIONS: dict[str, object] = {"policy": {"semver": {"range": "1.x"}}}
NUMBERS: dict[str, object] = {"policy": {"numerical": {}}, "filter_tags": {"pattern": r"^main-(\d+)$", "extract": "$1"}}
DIGEST = "sha256:" + "a" * 64
UNTIL = "2026-12-01T00:00:00Z"

TABLE = [
    # label, spec, current, tag, whether it may be taken
    ("a relative", MAIN, "main-11", "main-12", True),
    ("another family", MAIN, "main-11", "dev-12", False),
    ("a relative of the deployed tag", {"policy": {"family": {}}}, "main-11", "main-12", True),
    ("no relative of the deployed tag", {"policy": {"family": {}}}, "main-11", "dev-12", False),
    ("the family is not known", {"policy": {"family": {}}}, None, "dev-12", True),
    ("a version beyond the range", VERSIONS, "1.2.0", "2.0.0", False),
    ("a pre-release that the range does not name", VERSIONS, "1.2.0", "1.3.0-rc.1", False),
    ("what is no version", VERSIONS, "1.2.0", "latest", False),
    ("what the filter leaves out", NUMBERS, "main-11", "dev-12", False),
    ("what extracts to no number", {"policy": {"numerical": {}}}, "11", "main", False),
    ("what is not allowed", {"policy": {"newest": {}}, "allow_tags": ["main-.*"]}, "main-11", "dev-12", False),
    ("built last by its publisher's time", {"policy": {"newest": {"by": "created"}}}, "main-11", "dev-12", True),
    ("the one tag that is followed", {"policy": {"digest": {"tag": "main"}}}, "main", "main", True),
    ("too young by now, but not for ever", MAIN | {"min_age": "2h"}, "main-11", "main-12", True),
    ("the deployed tag, which was moved", VERSIONS, "2.0.0", "2.0.0", True),
    ("the deployed tag, although it is ignored", MAIN | {"ignore_tags": ["main-11"]}, "main-11", "main-11", True),
    ("a signature", {"policy": {"newest": {}}}, "main-11", "sha256-" + "a" * 64 + ".sig", False),
    ("a pin tag of our own", {"policy": {"newest": {}}}, "main-11", "fcpin-0123456789ab", False),
    ("the family's tag of a protected pin", MAIN | {"protect": "pin_tag"}, "main-11", "main-11", True),
    ("a conversion that the policy ignores", MAIN, "main-11", "main-12_accelerated", False),
    ("a conversion that is preferred", MAIN | {"accelerated": "prefer"}, "main-11", "main-12_accelerated", True),
    ("a conversion of no relative", MAIN | {"accelerated": "prefer"}, "main-11", "dev-12_accelerated", False),
    ("an original while its conversion runs", MAIN | {"accelerated": "prefer"}, "main-11_accelerated", "main-11", True),
    ("anything while it is suspended", MAIN | {"suspend": True}, "main-11", "main-11", False),
    ("the tag of a hold", MAIN | {"hold": {"tag": "dev-1", "until": UNTIL}}, "main-11", "dev-1", True),
    ("a relative during a hold, which ends", MAIN | {"hold": {"tag": "dev-1", "until": UNTIL}}, "dev-1", "main-12", True),
    ("neither relative nor held", MAIN | {"hold": {"tag": "dev-1", "until": UNTIL}}, "main-11", "dev-2", False),
    ("any tag may have the digest of a hold", MAIN | {"hold": {"digest": DIGEST, "until": UNTIL}}, "main-11", "dev-2", True),
    ("what another stack runs", {"policy": {"follow": {"stack": "dev", "image": f"r.example.com/a/b:main-12@{DIGEST}"}}}, "main-11", "main-12", True),
    ("what no other stack runs", {"policy": {"follow": {"stack": "dev", "image": f"r.example.com/a/b:main-12@{DIGEST}"}}}, "main-11", "main-13", False),
]  # fmt: skip


@table("spec current tag expected", TABLE)
def test_a_push_may_concern_the_pin(spec: dict[str, object], current: str | None, tag: str, expected: bool) -> None:
    assert could_select(Policy.from_spec(spec), tag, current) is expected


HELD: dict[str, dict[str, object]] = {
    "held": {**SPECS["family"], "hold": {"tag": "v1.0.0", "until": UNTIL}},
    "held by digest": {**SPECS["family"], "hold": {"digest": "1" * 64, "until": UNTIL}},
    "a family of its own": {"policy": {"family": {}}},
    "with leave": {**SPECS["semver"], "allow_downgrade": True},
    "kept": {**SPECS["family"], "on_empty": "keep"},
}
POLICIES = st.sampled_from([Policy.from_spec(spec) for spec in (*SPECS.values(), *HELD.values())])


def deployed(policy: Policy, listing: list[TagRecord], current: str | None) -> tuple[str, Digest | None] | None:
    with suppress(InvalidPolicy):
        if (chosen := Ranking(policy, listing).select(current, now=NOW).chosen) is not None:
            return chosen.tag, chosen.digest
    return None


@given(POLICIES, LISTINGS, CURRENT, RECORDS)
@example(Policy.from_spec(MAIN), [TagRecord("main-2"), TagRecord("main-10")], None, TagRecord("main-a"))
@example(
    Policy.from_spec(MAIN | {"accelerated": "prefer"}),
    [TagRecord("main-1", parse_digest("1" * 64))],
    None,
    TagRecord("main-1_accelerated", parse_digest("2" * 64)),
)
def test_what_it_could_not_select_changes_nothing(
    policy: Policy, listing: list[TagRecord], current: str | None, push: TagRecord
) -> None:
    """Whatever else is in the repository, and whether the tag is new or was moved."""
    if not could_select(policy, push.tag, current):
        others = [record for record in listing if record.tag != push.tag]
        before = deployed(policy, listing, current)
        after = deployed(policy, [*others, push], current)
        assert after == before
        assert after is None or after[0] != push.tag
