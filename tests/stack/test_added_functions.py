"""New entries are written into the stack's file as a careful person would: nothing else moves."""

import difflib

import pytest
from ruamel.yaml import YAML

from fcpin.adoption.entries import Entry
from fcpin.errors import InvalidSettings
from fcpin.stack.added_functions import with_functions

CHECKOUT = Entry(
    "checkout",
    {"function_name": "checkout", "repository": "r.example.com/shop/app", "policy": {"semver": {"range": "1.x"}}},
    ("runs 1.4.2@cabcb01a0004",),
)
ODD = Entry("on", {"policy": {"semver": {"range": "1.x", "strict": False}}}, ("runs 1.4", "and a word"))
LINES = """\
    # runs 1.4.2@cabcb01a0004
    checkout:
      function_name: checkout
      repository: r.example.com/shop/app
      policy:
        semver:
          range: "1.x"
"""
FILE = """\
# The production account.
config:
  alicloud:region:   cn-hangzhou   # three blanks
  fcpin:functions:
    orders:   # the first
      policy: {family: {name: release}}
      repository: 'r.example.com/shop/orders'
      # to be continued

  fcpin:minAgeBypass: false
"""


def edited(text: str, *entries: Entry) -> str:
    return with_functions(text, entries or [CHECKOUT], "stacks/Pulumi.prod.yaml")


def test_new_entries_stand_after_those_that_are_there() -> None:
    added = [line for line in difflib.ndiff(FILE.splitlines(), edited(FILE).splitlines()) if line[0] in "+-"]
    assert added == [f"+ {line}" for line in LINES.splitlines()]
    places = [edited(FILE).index(text) for text in ("# to be continued", "# runs", "\n\n", "fcpin:minAgeBypass")]
    assert places == sorted(places)


def test_names_and_values_that_yaml_takes_for_something_else_are_quoted() -> None:
    written = edited(FILE, CHECKOUT, ODD)
    assert '    # runs 1.4\n    # and a word\n    "on":\n' in written
    assert YAML(typ="safe", pure=True).load(written)["config"]["fcpin:functions"]["on"] == ODD.values


FORMS = [
    ("an empty file", "", f"config:\n  fcpin:functions:\n{LINES}"),
    ("a comment alone", "# mine\n", f"# mine\nconfig:\n  fcpin:functions:\n{LINES}"),
    ("no config", "encryptionsalt: x\n", f"encryptionsalt: x\nconfig:\n  fcpin:functions:\n{LINES}"),
    ("no end of the last line", "a: x", f"a: x\nconfig:\n  fcpin:functions:\n{LINES}"),
    ("config without anything", "config:\nb: x\n", f"config:\n  fcpin:functions:\n{LINES}b: x\n"),
    ("config of nothing", "config: {}\n", f"config:\n  fcpin:functions:\n{LINES}"),
    ("config without functions", "config:\n  a: x\n", f"config:\n  a: x\n  fcpin:functions:\n{LINES}"),
    ("functions without any", "config:\n  fcpin:functions:\n", f"config:\n  fcpin:functions:\n{LINES}"),
    (
        "functions of nothing",
        "config:\n  fcpin:functions: {}  # yet\n  a: x\n",
        f"config:\n  fcpin:functions:  # yet\n{LINES}  a: x\n",
    ),
    ("functions that are null", "config:\n  fcpin:functions: null\n", f"config:\n  fcpin:functions:\n{LINES}"),
]


@pytest.mark.parametrize(("text", "after"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS])
def test_a_file_that_has_no_functions_yet(text: str, after: str) -> None:
    assert edited(text) == after


def test_the_files_own_indentation_is_kept() -> None:
    text = "config:\n    fcpin:functions:\n        orders:\n            policy: {}\n"
    assert edited(text).splitlines()[4:6] == ["        # runs 1.4.2@cabcb01a0004", "        checkout:"]


def test_line_ends_of_windows_stay() -> None:
    assert edited(FILE.replace("\n", "\r\n")) == edited(FILE).replace("\n", "\r\n")


def test_nothing_new_is_nothing_written() -> None:
    assert with_functions("not: [yaml", [], "x") == "not: [yaml"


REFUSED = [
    ("text", "config:\n  fcpin:functions: '{}'\n", "fcpin:functions is text"),
    ("a sealed whole", "config:\n  fcpin:functions:\n    secure: v1:x\n", "encrypted as a whole"),
    ("one line", "config:\n  fcpin:functions: {a: {}}\n", "on one line"),
    ("config on one line", "config: {a: x}\n", "config is written on one line"),
    ("a list", "- a\n", "expected a mapping"),
    ("an alias", "x: &x\n  a: {}\nconfig:\n  fcpin:functions: *x\n", "cannot be edited"),
    ("no YAML", "config: [", "is not valid YAML"),
]


@pytest.mark.parametrize(("text", "says"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_cannot_be_edited_is_refused_in_one_line(text: str, says: str) -> None:
    with pytest.raises(InvalidSettings, match=says) as error:
        edited(text)
    assert "stacks/Pulumi.prod.yaml" in str(error.value)


@pytest.mark.parametrize("text", ["", "# none yet\n", "a:\n  b: 1\n", "a: {b: 1}"])
def test_a_file_of_functions_gets_them_at_its_end(text: str) -> None:
    written = with_functions(text, [ODD], "functions/a.yaml", is_stack=False)
    assert written.startswith(text)
    before = YAML(typ="safe", pure=True).load(text) or {}
    assert YAML(typ="safe", pure=True).load(written) == {**before, "on": ODD.values}


@pytest.mark.parametrize("text", ["{}", "- a", "{a: {b: 1}}\n"])
def test_a_file_of_functions_on_one_line_is_refused(text: str) -> None:
    with pytest.raises(InvalidSettings, match=r"^functions/a.yaml: expected a mapping, a key on each line"):
        with_functions(text, [ODD], "functions/a.yaml", is_stack=False)
