"""A hold is written into the stack's file as a careful person would: nothing else moves."""

import difflib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from fcpin.errors import InvalidSettings
from fcpin.stack.config_file import with_hold

HOLD = {"tag": "main-11", "until": "2026-12-01T00:00:00Z", "reason": "main-12 loses orders"}
FILE = """\
encryptionsalt: v1:G+ypuDVS51Y=:v1:1WQP5CEZ4Oq83weh:9qhpjvbWgmfSYo5veNOqXFdYKHv9iA==
# The production account.
config:
  alicloud:region:   cn-hangzhou   # three blanks
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
        repository: r.example.com/shop/orders  # four blanks
"""


def edited(text: str, name: str, hold: dict[str, str] | None = HOLD) -> str:
    return with_hold(text, name, hold, "stacks/Pulumi.prod.yaml")


def changes(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def holds(text: str) -> dict[str, Any]:
    entries = YAML(typ="safe", pure=True).load(text)["config"]["fcpin:functions"]
    return {name: entry["hold"] for name, entry in entries.items() if "hold" in entry}


def test_a_hold_is_four_lines_more() -> None:
    assert changes(FILE, edited(FILE, "checkout")) == [
        "+      hold:",
        "+        tag: main-11",
        '+        until: "2026-12-01T00:00:00Z"',
        "+        reason: main-12 loses orders",
    ]


def test_it_stands_under_its_function_before_the_next_ones_comment() -> None:
    lines = edited(FILE, "checkout").splitlines()
    assert lines[lines.index("      hold:") - 1] == "            secure: v1:abc"


def test_it_is_indented_as_its_entry_is() -> None:
    assert changes(FILE, edited(FILE, "orders"))[:2] == ["+        hold:", "+            tag: main-11"]


def test_an_entry_on_one_line_stays_on_one_line() -> None:
    after = edited(FILE, "thumbnails")
    assert len(after.splitlines()) == len(FILE.splitlines())
    assert holds(after) == {"thumbnails": HOLD}


@pytest.mark.parametrize("name", ["checkout", "thumbnails", "orders"])
def test_a_hold_that_is_taken_away_leaves_the_file_as_it_was(name: str) -> None:
    assert edited(edited(FILE, name), name, None) == FILE
    assert edited(FILE, name, None) == FILE


@pytest.mark.parametrize("name", ["checkout", "thumbnails", "orders"])
def test_a_hold_takes_the_place_of_another(name: str) -> None:
    held = edited(FILE, name, {"digest": f"sha256:{'a' * 64}", "until": "2026-11-01T00:00:00Z"})
    assert edited(held, name) == edited(FILE, name)


FORMS = [
    ("a hold among other keys, in short form", "{a: 1, hold: {tag: x}, b: 2}"),
    ("a hold that is first", "{hold: {tag: x}, a: 1}"),
    ("a hold that is last", "{a: 1, hold: {tag: x}}"),
    ("a hold that is alone", "{hold: {tag: x}}"),
    ("nothing at all", "{}"),
    ("a comma at the end", "{a: 1,}"),
    ("a block with a hold first", "\n      hold: {tag: x}  # old\n      a: 1"),
    ("a block with a hold in the middle", "\n      b: 2\n      hold:\n        tag: x\n      # about a\n      a: 1"),
    ("a text of several lines at the end", "\n      a: |\n        one\n\n        two\n"),
    ("a list at the end", "\n      a:\n      - 1\n      - 2"),
    ("a key without a value at the end", "\n      a: 1\n      b:"),
    ("a file without a newline at its end", "\n      a: 1"),
]


@pytest.mark.parametrize(("label", "entry"), FORMS, ids=[row[0] for row in FORMS])
def test_every_form_of_an_entry_can_be_held_and_released(label: str, entry: str) -> None:
    text = f"config:\n  fcpin:functions:\n    f: {entry}"
    assert holds(edited(text, "f")) == {"f": HOLD}
    assert holds(edited(edited(text, "f"), "f", None)) == {}


def test_line_ends_of_windows_stay() -> None:
    after = edited(FILE.replace("\n", "\r\n"), "checkout")
    assert after == edited(FILE, "checkout").replace("\n", "\r\n")


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


@pytest.mark.parametrize(("label", "text", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_edited_is_refused_in_one_line(label: str, text: str, said: str) -> None:
    with pytest.raises(InvalidSettings, match=said) as refused:
        edited(text, "f")
    assert str(refused.value).startswith("stacks/Pulumi.prod.yaml:")
    assert "\n" not in str(refused.value)


@given(st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1))
@pytest.mark.parametrize("entry", ["{a: 1}", "\n      a: 1\n"], ids=["flow", "block"])
def test_whatever_the_reason_it_is_read_as_it_was_meant(entry: str, reason: str) -> None:
    hold = {"tag": "1.10", "reason": reason}
    text = f"config:\n  fcpin:functions:\n    f: {entry}"
    assert holds(edited(text, "f", hold)) == {"f": hold}


def test_a_file_of_functions_is_edited_at_its_top() -> None:
    text = "# mine\ng: {a: 1}\nf:\n  a: 1  # one\n"
    held = with_hold(text, "f", {"tag": "1.10"}, "functions/a.yaml", is_stack=False)
    assert held == '# mine\ng: {a: 1}\nf:\n  a: 1  # one\n  hold:\n    tag: "1.10"\n'
    assert with_hold(held, "f", None, "functions/a.yaml", is_stack=False) == text
    with pytest.raises(InvalidSettings, match=r"^functions/a.yaml: fcpin:functions.h is not there"):
        with_hold(text, "h", None, "functions/a.yaml", is_stack=False)


def test_a_byte_order_mark_is_refused_because_it_moves_every_place() -> None:
    with pytest.raises(InvalidSettings, match="begins with a byte order mark"):
        edited("\ufeffconfig:\n  fcpin:functions:\n    f: {a: 1}\n", "f")
