"""Holds and new entries are written into a stack's file; comments, quotes, order and newlines stay."""

import difflib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from fcpin.errors import InvalidSettings
from fcpin.stack.yaml_edit import NewEntry, with_functions, with_hold

HOLD = {"tag": "main-11", "until": "2026-12-01T00:00:00Z", "reason": "main-12 loses orders"}
FILE = """\
encryptionsalt: v1:G+ypuDVS51Y=:v1:1WQP5CEZ4Oq83weh:9qhpjvbWgmfSYo5veNOqXFdYKHv9iA==
# The production account.
config:
  alicloud:region: cn-hangzhou   # three blanks
  fcpin:functions:
    checkout:   # the till
      repository: 'shop-registry-vpc.cn-hangzhou.cr.aliyuncs.com/shop/checkout'
      policy: {semver: {range: "1.x"}}
      config:
        cpu: 1.0
        environment_variables:
          TOKEN:
            secure: v1:abc

    # Created by Serverless Devs.
    thumbnails: {repository: r.example.com/shop/thumbnails, policy: {family: {name: release}}}
    orders:
      policy:
        numerical: {}
      repository: r.example.com/shop/orders  # the last
"""


def edited(text: str, name: str, hold: dict[str, str] | None = HOLD) -> str:
    return with_hold(text, name, hold, "stacks/Pulumi.prod.yaml")


def changes(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def holds(text: str) -> dict[str, Any]:
    entries = YAML(typ="safe", pure=True).load(text)["config"]["fcpin:functions"]
    return {name: entry["hold"] for name, entry in entries.items() if "hold" in entry}


def test_a_hold_is_four_lines_more_before_the_comment_of_the_next() -> None:
    after = edited(FILE, "checkout")
    assert changes(FILE, after) == [
        "+      hold:",
        "+        tag: main-11",
        '+        until: "2026-12-01T00:00:00Z"',
        "+        reason: main-12 loses orders",
    ]
    lines = after.splitlines()
    assert lines[lines.index("      hold:") - 1] == "            secure: v1:abc"


@pytest.mark.parametrize("name", ["checkout", "thumbnails", "orders"])
def test_a_hold_takes_the_place_of_another_and_one_that_is_taken_away_leaves_the_file_as_it_was(name: str) -> None:
    after = edited(FILE, name)
    assert holds(after) == {name: HOLD}
    assert edited(after, name, None) == FILE == edited(FILE, name, None)
    held = edited(FILE, name, {"digest": f"sha256:{'a' * 64}", "until": "2026-11-01T00:00:00Z"})
    assert edited(held, name) == after
    more = 0 if name == "thumbnails" else 4
    assert len(after.splitlines()) == len(FILE.splitlines()) + more, "an entry on one line stays on one line"


FORMS = [
    ("a hold among other keys, in short form", "{a: 1, hold: {tag: x}, b: 2}"),
    ("a hold that is last", "{a: 1, hold: {tag: x}}"),
    ("a hold that is alone", "{hold: {tag: x}}"),
    ("nothing at all", "{}"),
    ("a comma at the end", "{a: 1,}"),
    ("a block with a hold first", "\n      hold: {tag: x}  # old\n      a: 1"),
    ("a block with a hold in the middle", "\n      b: 2\n      hold:\n        tag: x\n      # about a\n      a: 1"),
    ("a text of several lines at the end", "\n      a: |\n        one\n\n        two\n"),
    ("a key without a value at the end", "\n      a: 1\n      b:"),
    ("a file without a newline at its end", "\n      a: 1"),
]


@pytest.mark.parametrize(("label", "entry"), FORMS, ids=[row[0] for row in FORMS])
def test_every_form_of_an_entry_can_be_held_and_released(label: str, entry: str) -> None:
    text = f"config:\n  fcpin:functions:\n    f: {entry}"
    assert holds(edited(text, "f")) == {"f": HOLD}
    assert holds(edited(edited(text, "f"), "f", None)) == {}


def test_line_ends_of_windows_and_a_byte_order_mark_stay() -> None:
    after = edited(FILE, "checkout")
    assert edited(FILE.replace("\n", "\r\n"), "checkout") == after.replace("\n", "\r\n")
    assert edited(f"\ufeff{FILE}", "checkout") == f"\ufeff{after}"
    assert extended(ENTRIES.replace("\n", "\r\n")) == extended(ENTRIES).replace("\n", "\r\n")


REFUSED = [
    ("no functions", "config:\n  alicloud:region: x\n", "fcpin:functions is not set"),
    ("no config", "encryptionsalt: x\n", "fcpin:functions is not set"),
    ("an empty file", "", "fcpin:functions is not set"),
    ("JSON text", "config:\n  fcpin:functions: '{\"f\": {}}'\n", "is text"),
    ("a sealed whole", "config:\n  fcpin:functions:\n    secure: v1:abc\n", "encrypted as a whole"),
    ("another function", "config:\n  fcpin:functions:\n    g: {}\n", "fcpin:functions.f is not there"),
    ("a sealed entry as text", "config:\n  fcpin:functions:\n    f: x\n", "fcpin:functions.f is not there"),
    ("an anchor that others use", "config:\n  fcpin:functions:\n    f: &f {a: 1}\n    g: *f\n", "cannot be edited"),
    ("no YAML", "config: [", "is not valid YAML"),
]


@pytest.mark.parametrize(("label", "text", "reason"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_edited_is_refused_in_one_line(label: str, text: str, reason: str) -> None:
    with pytest.raises(InvalidSettings, match=reason) as refused:
        edited(text, "f")
    assert str(refused.value).startswith("stacks/Pulumi.prod.yaml:")
    assert "\n" not in str(refused.value)


@settings(max_examples=20)
@given(st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1))
def test_any_reason_is_read_as_it_was_meant(reason: str) -> None:
    hold = {"tag": "1.10", "reason": reason}
    for entry in ("{a: 1}", "\n      a: 1\n"):
        assert holds(edited(f"config:\n  fcpin:functions:\n    f: {entry}", "f", hold)) == {"f": hold}


def test_a_file_of_functions_is_edited_at_its_top() -> None:
    text = "# mine\ng: {a: 1}\nf:\n  a: 1  # one\n"
    held = with_hold(text, "f", {"tag": "1.10"}, "functions/a.yaml", is_stack=False)
    assert held == '# mine\ng: {a: 1}\nf:\n  a: 1  # one\n  hold:\n    tag: "1.10"\n'
    assert with_hold(held, "f", None, "functions/a.yaml", is_stack=False) == text
    with pytest.raises(InvalidSettings, match=r"^functions/a.yaml: fcpin:functions.h is not there"):
        with_hold(text, "h", None, "functions/a.yaml", is_stack=False)


UNEVEN = """\
config:
  a:   1   # one
  fcpin:functions:
    f:
        # of the policy
        policy: {family: {name:  main}}
        list:
          - 'x'
        text: >-
          folded
          text
        at: 2026-12-01T00:00:00Z
        none: ~
"""


def test_uneven_layout_becomes_regular_and_every_value_stays() -> None:
    after = edited(UNEVEN, "f")
    assert "# of the policy\n      policy: {family: {name: main}}\n      list:\n" in after
    before, now = (YAML(typ="safe", pure=True).load(text)["config"] for text in (UNEVEN, after))
    assert now["fcpin:functions"]["f"].pop("hold") == HOLD
    assert now == before


def test_the_indentation_of_the_file_is_kept() -> None:
    text = "config:\n    fcpin:functions:\n        f:\n            command:\n              - a\n"
    assert edited(text, "f").startswith(text)
    assert "\n            hold:\n                tag: main-11\n" in edited(text, "f")


CHECKOUT = NewEntry(
    "checkout",
    {"function_name": "checkout", "repository": "r.example.com/shop/app", "policy": {"semver": {"range": "1.x"}}},
    ("runs 1.4.2@cabcb01a0004",),
)
ODD = NewEntry("on", {"policy": {"semver": {"range": "1.x", "strict": False}}}, ("runs 1.4", "and a word"))
LINES = """\
    # runs 1.4.2@cabcb01a0004
    checkout:
      function_name: checkout
      repository: r.example.com/shop/app
      policy:
        semver:
          range: "1.x"
"""
ENTRIES = """\
# The production account.
config:
  alicloud:region: cn-hangzhou   # three blanks
  fcpin:functions:
    orders:   # the first
      policy: {family: {name: release}}
      repository: 'r.example.com/shop/orders'
      # to be continued

  fcpin:minAgeBypass: false
"""


def extended(text: str, *entries: NewEntry) -> str:
    return with_functions(text, entries or [CHECKOUT], "stacks/Pulumi.prod.yaml")


def test_new_entries_stand_after_those_that_are_there() -> None:
    added = [line for line in difflib.ndiff(ENTRIES.splitlines(), extended(ENTRIES).splitlines()) if line[0] in "+-"]
    assert added == [f"+ {line}" for line in LINES.splitlines()]
    places = [extended(ENTRIES).index(text) for text in ("# to be continued", "# runs", "\n\n", "fcpin:minAgeBypass")]
    assert places == sorted(places)


def test_names_and_values_that_yaml_takes_for_something_else_are_quoted() -> None:
    written = extended(ENTRIES, CHECKOUT, ODD)
    assert '    # runs 1.4\n    # and a word\n    "on":\n' in written
    assert YAML(typ="safe", pure=True).load(written)["config"]["fcpin:functions"]["on"] == ODD.values


EMPTY = [
    ("an empty file", "", f"config:\n  fcpin:functions:\n{LINES}"),
    ("a comment alone", "# mine\n", f"# mine\nconfig:\n  fcpin:functions:\n{LINES}"),
    ("no config", "encryptionsalt: x\n", f"encryptionsalt: x\nconfig:\n  fcpin:functions:\n{LINES}"),
    ("config without anything", "config:\nb: x\n", f"config:\n  fcpin:functions:\n{LINES}b: x\n"),
    ("config of nothing", "config: {}\n", f"config:\n  fcpin:functions:\n{LINES}"),
    ("config without functions", "config:\n  a: x\n", f"config:\n  a: x\n  fcpin:functions:\n{LINES}"),
    ("functions without any", "config:\n  fcpin:functions:\n", f"config:\n  fcpin:functions:\n{LINES}"),
    (
        "functions of nothing",
        "config:\n  fcpin:functions: {}  # yet\n  a: x\n",
        f"config:\n  fcpin:functions:     # yet\n{LINES}  a: x\n",
    ),
    (
        "functions on one line",
        "config:\n  fcpin:functions: {a: {}}\n",
        f"config:\n  fcpin:functions:\n    a: {{}}\n{LINES}",
    ),
    ("config on one line", "config: {a: x}\n", f"config:\n  a: x\n  fcpin:functions:\n{LINES}"),
]


@pytest.mark.parametrize(("text", "after"), [row[1:] for row in EMPTY], ids=[row[0] for row in EMPTY])
def test_a_file_that_has_no_functions_yet(text: str, after: str) -> None:
    assert extended(text) == after


def test_nothing_new_is_nothing_written() -> None:
    assert with_functions("not: [yaml", [], "x") == "not: [yaml"


NOT_EXTENDED = [
    ("text", "config:\n  fcpin:functions: '{}'\n", "fcpin:functions is text"),
    ("a sealed whole", "config:\n  fcpin:functions:\n    secure: v1:x\n", "encrypted as a whole"),
    ("a list", "- a\n", "expected a mapping"),
    ("an alias", "x: &x\n  a: {}\nconfig:\n  fcpin:functions: *x\n", "cannot be edited"),
    ("no YAML", "config: [", "is not valid YAML"),
]


@pytest.mark.parametrize(("text", "reason"), [row[1:] for row in NOT_EXTENDED], ids=[row[0] for row in NOT_EXTENDED])
def test_what_cannot_be_extended_is_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(InvalidSettings, match=reason) as error:
        extended(text)
    assert "stacks/Pulumi.prod.yaml" in str(error.value)


@pytest.mark.parametrize("text", ["", "# none yet\n", "a:\n  b: 1\n", "a: {b: 1}", "{}", "{a: {b: 1}}\n"])
def test_a_file_of_functions_is_extended_at_its_end(text: str) -> None:
    written = with_functions(text, [ODD], "functions/a.yaml", is_stack=False)
    assert written.startswith("" if "{" in text[:1] else text)
    before = YAML(typ="safe", pure=True).load(text) or {}
    assert YAML(typ="safe", pure=True).load(written) == {**before, "on": ODD.values}


def test_a_list_is_not_a_file_of_functions() -> None:
    with pytest.raises(InvalidSettings, match=r"^functions/a.yaml: expected a mapping, a key on each line"):
        with_functions("- a", [ODD], "functions/a.yaml", is_stack=False)
