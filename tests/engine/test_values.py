"""Values on the wire and in the state: nothing is lost, no secret is bare, and paths lead to their values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcpin.engine.crypter import Crypter
from fcpin.engine.errors import PassphraseWrong, StateUnusable, Unsupported
from fcpin.engine.state import sealed, unsealed
from fcpin.engine.values import (
    RESOURCE,
    SIGNATURE,
    UNKNOWN,
    Secret,
    as_secret_as,
    compare,
    from_wire,
    has_unknown,
    parse_path,
    reset,
    reveal,
    shown,
    to_wire,
)

CRYPTER = Crypter.create("correct horse")

scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5)
values = st.recursive(
    scalars | scalars.map(Secret),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
bags = st.dictionaries(st.text(min_size=1, max_size=3), values, max_size=4)


@given(bags)
def test_the_wire_keeps_every_value_and_every_mark(bag: dict[str, Any]) -> None:
    assert from_wire(to_wire(bag)) == bag


@given(bags)
def test_a_plugin_is_given_plain_values(bag: dict[str, Any]) -> None:
    assert from_wire(to_wire(bag, marks=False)) == reveal(bag)


@given(bags)
def test_the_state_keeps_every_value_and_every_mark(bag: dict[str, Any]) -> None:
    document = sealed(bag, CRYPTER)
    assert reveal(unsealed(document, CRYPTER.decrypt)) == reveal(bag)
    assert sealed(unsealed(document, CRYPTER.decrypt), CRYPTER) == document


@given(bags, bags)
def test_what_differs_is_exactly_what_compare_names(old: dict[str, Any], new: dict[str, Any]) -> None:
    changed = {change.key for change in compare(old, new)}
    for key in old.keys() | new.keys():
        same = key in old and key in new and reveal(old[key]) == reveal(new[key])
        assert (key in changed) is not same


def test_marks_are_carried_over_by_name_also_inside() -> None:
    inputs = {"pw": Secret("x"), "deep": {"pw": Secret("y"), "n": 1}, "list": [1, Secret(2)]}
    outputs = {"pw": "x", "deep": {"pw": "y", "n": 1}, "list": [1, 2], "new": 3}
    assert as_secret_as(outputs, inputs) == {
        "pw": Secret("x"),
        "deep": {"pw": Secret("y"), "n": 1},
        "list": Secret([1, 2]),
        "new": 3,
    }


def test_a_secret_is_never_printed() -> None:
    assert "hunter2" not in repr(Secret("hunter2"))
    assert "hunter2" not in shown({"deep": [Secret("hunter2")]})


def test_a_secret_that_is_not_known_yet_is_unknown() -> None:
    assert has_unknown({"pw": Secret([UNKNOWN])})


def test_a_reference_to_a_resource_is_its_id_for_a_plugin() -> None:
    reference = {SIGNATURE: RESOURCE, "urn": "urn:pulumi:x", "id": "id-1"}
    assert from_wire(to_wire({"other": reference})) == {"other": reference}
    assert from_wire(to_wire({"other": reference}, marks=False)) == {"other": "id-1"}


def test_assets_are_refused() -> None:
    asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}
    with pytest.raises(Unsupported, match="asset"):
        from_wire(to_wire({"file": asset}))


def test_a_salt_of_the_cli_opens_with_its_passphrase_only() -> None:
    salt = "v1:xIQhFPCW0gg=:v1:N5M1BWZiY+WPVtCu:cwi2llvbB1JcpK8GKVaIA0aGlst2FA=="  # written by the CLI, passphrase x
    assert Crypter.open("x", salt).salt == salt
    with pytest.raises(PassphraseWrong, match="incorrect passphrase"):
        Crypter.open("y", salt)


@pytest.mark.parametrize("text", ["", "v2:a:b", "v1:!!!:v1:a:b"])
def test_a_salt_that_is_none(text: str) -> None:
    with pytest.raises((StateUnusable, PassphraseWrong)):
        Crypter.open("x", text)


RESETS = [
    # label, path, old, new, result
    ("a value is set back", "a", {"a": 1}, {"a": 2}, {"a": 1}),
    ("a value that was not there is taken out", "a", {}, {"a": 2}, {}),
    ("a value that was left out comes back", "a", {"a": 1}, {}, {"a": 1}),
    ("inside a dictionary", "a.b", {"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}, {"a": {"b": 1, "c": 3}}),
    ("a way that is not there changes nothing", "a.b.c", {"a": 1}, {"a": {"b": {"c": 2}}}, {"a": {"b": {"c": 2}}}),
]


@pytest.mark.parametrize(("label", "path", "old", "new", "result"), RESETS, ids=[row[0] for row in RESETS])
def test_reset(label: str, path: str, old: dict[str, Any], new: dict[str, Any], result: dict[str, Any]) -> None:
    before = repr(new)
    assert reset(parse_path(path), old, new) == result
    assert repr(new) == before


@pytest.mark.parametrize("path", ["*", "a[*]", 'a["b"]', "a.*", "", "a[", "[x]", "a[0].b", "a..b"])
def test_paths_that_only_the_cli_reads(path: str) -> None:
    with pytest.raises(Unsupported):
        parse_path(path)
