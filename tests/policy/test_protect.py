"""Pin tags: what they are called, that no policy ever chooses one, and what protection changes in a policy."""

import pytest

from fcpin.image import is_pin_tag, parse_digest, pin_tag
from fcpin.policy import Policy
from tests.policy.choosing import choose, chosen, reasons, tag

PIN = f"fcpin-{'c' * 12}"
NAMES = [
    ("a pin tag", "fcpin-0123456789ab", True),
    ("one digit too few", "fcpin-0123456789a", False),
    ("one digit too many", "fcpin-0123456789abc", False),
    ("upper case", "fcpin-0123456789AB", False),
    ("a release of fcpin itself", "fcpin-1.2.0", False),
    ("its conversion, which ACR made", "fcpin-0123456789ab_accelerated", False),
]


def test_a_pin_tag_has_the_first_digits_of_its_digest() -> None:
    digest = parse_digest("0123456789ab" + "f" * 52)
    assert pin_tag(digest) == "fcpin-0123456789ab"
    assert is_pin_tag(pin_tag(digest))


@pytest.mark.parametrize(("name", "is_ours"), [row[1:] for row in NAMES], ids=[row[0] for row in NAMES])
def test_ours_is_what_has_our_form(name: str, is_ours: bool) -> None:
    assert is_pin_tag(name) is is_ours


ORDERS: list[dict[str, object]] = [
    {"newest": {}},
    {"alphabetical": {"order": "desc"}},
    {"family": {"name": "fcpin"}},
    {"digest": {"tag": PIN}},
]


@pytest.mark.parametrize("order", ORDERS, ids=[next(iter(order)) for order in ORDERS])
def test_a_pin_tag_is_never_a_candidate(order: dict[str, object]) -> None:
    selection = choose({"policy": order, "protect": "none"}, [tag("main-1", 1), tag(PIN, 9)])
    assert selection.chosen is None or selection.chosen.tag == "main-1"
    assert "pin tag" in reasons(selection)[PIN]


def test_a_held_digest_is_held_by_its_own_tag_and_by_the_pin_tag_when_that_is_all_there_is() -> None:
    spec = {"newest": {}, "hold": {"digest": "c" * 64, "until": "2027-01-01T00:00:00Z"}}
    pinned = tag(PIN, 9, content="c")
    assert chosen(spec, [tag("hotfix", 1, content="c"), pinned, tag("main-2", 5, content="d")]) == "hotfix"
    assert chosen(spec, [pinned, tag("main-2", 5, content="d")]) == PIN


def test_a_moving_tag_is_an_outage_only_without_protection() -> None:
    spec = {"policy": {"digest": {"tag": "main"}}}
    assert choose(spec, ["main"]).warnings
    assert not choose({**spec, "protect": "pin_tag"}, ["main"]).warnings


def test_protection_is_off_by_default() -> None:
    assert Policy.from_spec({"newest": {}, "protect": "pin_tag"}).is_protected
    assert not Policy.from_spec({"newest": {}}).is_protected
