"""Which tags take part at all, and what of each is compared."""

import pytest

from fcpin.image import TagRecord, is_pin_tag, parse_digest, pin_tag
from fcpin.policy import Policy
from tests.policy.choosing import choose, chosen, reasons, tag
from tests.support.tables import table

HASH = "0123456789abcdef" * 4
LAST: dict[str, object] = {"policy": {"alphabetical": {}}}

NEVER = [
    # label, tag, what the reason names
    ("the image that cosign signed under its digest", f"sha256-{HASH}", "signature"),
    ("a signature", f"sha256-{HASH}.sig", "signature"),
    ("an attestation", f"sha256-{HASH}.att", "signature"),
    ("an SBOM", f"sha256-{HASH}.sbom", "signature"),
    ("an accelerated image", "main-1_accelerated", "_accelerated"),
    ("a name that no registry takes", "-main", "is not a valid tag"),
    ("a name of two lines", "main-1\nmain-2", "is not a valid tag"),
    ("no name", "", "is not a valid tag"),
    ("a name of a million letters", "a" * 1_000_000, "is not a valid tag"),
]


@table("name named", NEVER)
def test_never_candidates(name: str, named: str) -> None:
    selection = choose({"policy": {"alphabetical": {"order": "desc"}}}, ["zz", name])
    assert selection.chosen == TagRecord("zz")
    ((shown, reason),) = selection.rejected
    assert named in reason
    assert len(shown) <= 200


@pytest.mark.parametrize(
    "name", [f"sha256-{HASH}.txt", f"sha256-{HASH[1:]}", "sha256-x", "accelerated", "x_accelerated2"]
)
def test_what_merely_looks_like_one(name: str) -> None:
    assert chosen(LAST, [name]) == name


def test_a_tag_that_is_being_deleted_is_no_candidate() -> None:
    selection = choose(LAST, [tag("a"), tag("b", status="DELETING")])
    assert selection.chosen == tag("a")
    assert "DELETING" in reasons(selection)["b"]


FILTERED = [
    # label, filters, tags, chosen
    ("the pattern is searched, as in Flux", {"filter_tags": {"pattern": "ain"}}, ["main-1", "x"], "main-1"),
    ("anchors hold", {"filter_tags": {"pattern": "^ain"}}, ["main-1"], None),
    ("without extract the whole tag is compared", {"filter_tags": {"pattern": r"^(a)-\d$"}}, ["a-1", "a-2"], "a-2"),
    ("a named group", {"filter_tags": {"pattern": r"^(?P<a>.)-(?P<b>.)$", "extract": "$b"}}, ["z-1", "a-2"], "a-2"),
    ("a numbered group", {"filter_tags": {"pattern": "^(.)-(.)$", "extract": "$2"}}, ["z-1", "a-2"], "a-2"),
    ("groups in another order", {"filter_tags": {"pattern": "^(.)-(.)$", "extract": "${2}$1"}}, ["z-1", "a-2"], "a-2"),
    ("a dollar sign", {"filter_tags": {"pattern": "^(.)$", "extract": "$$$1"}}, ["1", "2"], "2"),
    ("a group that took no part is empty", {"filter_tags": {"pattern": "^a(b)?(c)?$", "extract": "$2$1"}}, ["ab", "ac"], "ac"),
    ("nothing extracted is no candidate", {"filter_tags": {"pattern": "^a(b)?$", "extract": "$1"}}, ["a"], None),
    ("allow_tags matches the whole tag", {"allow_tags": ["ma"]}, ["main"], None),
    ("any of allow_tags", {"allow_tags": ["x.*", "main.*"]}, ["main", "zulu"], "main"),
    ("ignore_tags wins over allow_tags", {"allow_tags": ["m.*"], "ignore_tags": [".*-rc"]}, ["m-1", "m-2-rc"], "m-1"),
    ("ignore_tags matches the whole tag", {"ignore_tags": ["ma"]}, ["main"], "main"),
    ("a class of POSIX", {"allow_tags": ["[[:lower:]]+-[[:digit:]]"]}, ["main-1", "MAIN-2"], "main-1"),
    ("every pattern of one tag by itself", {"filter_tags": {"pattern": r"\D\s*\d$"}}, ["a1", "b", "2"], "a1"),
    ("the ends of the text are those of a tag", {"filter_tags": {"pattern": r"\Ab\z"}}, ["a", "b", "bb"], "b"),
    ("flags inside the pattern", {"allow_tags": ["(?i)MAIN-.*"]}, ["main-1"], "main-1"),
]  # fmt: skip


@table("filters tags expected", FILTERED)
def test_filters(filters: dict[str, object], tags: list[str], expected: str | None) -> None:
    assert chosen(LAST | filters, tags) == expected


def test_the_pattern_that_left_a_tag_out_is_named() -> None:
    found = reasons(choose(LAST | {"allow_tags": ["m.*"], "ignore_tags": [".*-rc"]}, ["m-2-rc", "m-1", "x"]))
    assert ".*-rc" in found["m-2-rc"]
    assert "allow_tags" in found["x"]


@pytest.mark.parametrize(
    ("pattern", "warned"),
    [
        (r"^main-\d+$", False),
        (r"\Amain\z", False),
        ("(?i)^main$", False),
        ("^a$|^b$", False),
        ("^(a|b)$", False),
        ("^[|]$", False),
        ("main", True),
        ("^main", True),
        ("main$", True),
        ("^a|b$", True),
        (r"^cost\$", True),
    ],
)
def test_a_pattern_without_anchors_is_warned_of(pattern: str, warned: bool) -> None:
    warnings = Policy.from_spec(LAST | {"filter_tags": {"pattern": pattern}}).warnings
    assert [pattern in warning for warning in warnings] == ([True] if warned else [])


def test_a_value_far_too_long_to_compare_is_left_out() -> None:
    spec = LAST | {"filter_tags": {"pattern": "^(.*)$", "extract": "$1" * 9}}
    assert "256" in reasons(choose(spec, ["a" * 100]))["a" * 100]


NOT_PIN_TAGS = [
    ("one digit too few", "fcpin-0123456789a"),
    ("one digit too many", "fcpin-0123456789abc"),
    ("upper case", "fcpin-0123456789AB"),
    ("a release of fcpin itself", "fcpin-1.2.0"),
    ("its conversion, which ACR made", "fcpin-0123456789ab_accelerated"),
]


@table("name", NOT_PIN_TAGS)
def test_a_pin_tag_has_the_first_digits_of_its_digest(name: str) -> None:
    ours = pin_tag(parse_digest("0123456789ab" + "f" * 52))
    assert ours == "fcpin-0123456789ab"
    assert is_pin_tag(ours)
    assert not is_pin_tag(name)


PIN = f"fcpin-{'c' * 12}"
ORDERS: list[dict[str, object]] = [
    {"newest": {}},
    {"alphabetical": {"order": "desc"}},
    {"numerical": {}},
    {"semver": {"range": "*"}},
    {"family": {"name": "fcpin"}},
    {"digest": {"tag": PIN}},
]


@pytest.mark.parametrize("order", ORDERS, ids=[next(iter(order)) for order in ORDERS])
def test_a_pin_tag_is_never_a_candidate(order: dict[str, object]) -> None:
    selection = choose({"policy": order}, [tag("main-1", 1), tag(PIN, 9)])
    assert selection.chosen is None or selection.chosen.tag == "main-1"
    assert "pin tag" in reasons(selection)[PIN]
