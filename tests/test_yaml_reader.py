"""YAML of users: bounded, with the place of every refusal, and values that are those of JSON."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from fcpin.errors import InvalidInput
from fcpin.yaml_reader import DEEPEST, MOST, compose, lines_of, load, read_text

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{this}: &{this} [{','.join([f'*{before}'] * 9)}]\n" for before, this in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGE_BOMB = "a: &a {k: 1}\n" + "".join(
    f"{this}: &{this} {{{','.join(f'{this}{number}: *{before}' for number in range(9))}, <<: *{before}}}\n"
    for before, this in zip("abcdefgh", "bcdefghi", strict=True)
)

REFUSED = [
    # label, text, place, fact
    ("an alias of itself", "a: &a [*a]", "1:8", "inside its own anchor"),
    ("a mapping of itself", "a: &a\n  b: *a", "2:6", "inside its own anchor"),
    ("a merge of itself", "a: &a\n  <<: *a", "2:7", "inside its own anchor"),
    ("an alias of nothing", "a: *b", "1:4", "has no anchor &b"),
    ("aliases without end", BOMB, "6:", f"more than {MOST:,} values"),
    ("merges without end", MERGE_BOMB, "6:", f"more than {MOST:,} values"),
    ("values without end", "- 1\n" * (MOST + 1), f"{MOST}:3", f"more than {MOST:,} values"),
    ("brackets", "[" * 900, f"1:{DEEPEST + 1}", "levels deep"),
    ("brackets that libyaml refuses", "[" * 100_000, "1:", "not valid YAML"),
    ("braces", "{a: " * 5_000, f"1:{4 * DEEPEST + 1}", "levels deep"),
    ("dashes", "- " * 5_000 + "a", f"1:{2 * DEEPEST + 1}", "levels deep"),
    ("question marks", "? " * 5_000 + "a", f"1:{2 * DEEPEST + 1}", "levels deep"),
    ("indentation", "".join(f"{' ' * level}a:\n" for level in range(500)), f"{DEEPEST + 1}:", "levels deep"),
    ("a hexadecimal number", f"a: 0x{'f' * 100_000}", "1:4", "larger than 64 bits"),
    ("a number", f"a: {'9' * 10_000}", "1:4", "larger than 64 bits"),
    ("a number below 64 bits", f"a: -{2**63 + 1}", "1:4", "larger than 64 bits"),
    ("a number with a zero first", "a: 0755", "1:4", "begins with 0"),
    ("a commit that is a number", "tag: 12345e678", "1:6", "not finite; quote it"),
    ("infinity", "a: -.inf", "1:4", "not finite"),
    ("no number", "a: .nan", "1:4", "not finite"),
    (
        "an object of Python",
        "a: !!python/object/apply:os.system [id]",
        "1:4",
        "python/object/apply:os.system is not supp",
    ),
    ("a tag of one's own", "a: !secret x", "1:4", "the tag !secret is not supported"),
    ("a tag on a list", "a: !!omap [b: 1]", "1:4", "omap is not supported"),
    ("bytes", "a: !!binary aGk=", "1:4", "binary is not supported"),
    ("a tag that lies", "a: !!int x", "1:4", "'x' is not a value of int"),
    ("a tag on a key", "!!int x: 1\n!foo y: 2", "2:1", "the tag !foo"),
    ("a key twice", "a:\n  b: 1\n  b: 2", "3:3", "the key 'b' occurs twice"),
    ("a key twice, once in quotes", "a: 1\n'a': 2", "2:1", "the key 'a' occurs twice"),
    ("a list as key", "? [a]\n: b", "1:3", "a key must be text"),
    ("a mapping as key", "{{a: b}: c}", "1:2", "a key must be text"),
    ("a merge of text", "a:\n  <<: x", "2:3", "<< expects a mapping"),
    ("NUL", "a: 1\nb: x\0y", "2:5", "U+0000 is not allowed"),
    ("a control character", "ä: 'x\x07'", "1:6", "U+0007 is not allowed"),
    ("half a character", "a: \ud800", "1:4", "U+D800 is not allowed"),
    ("half a character, escaped", 'a: "\\ud800"', "1:", "not valid YAML"),
    ("two documents", "a: 1\n---\nb: 1\n", "2:1", "a second document"),
    ("a bracket that stays open", "a:\n  - [b\n", "3:1", "not valid YAML"),
    ("a tab", "a:\n\tb: 1\n", "2:1", "not valid YAML"),
    ("a directive", "%YAML 3.0\n---\na: 1", "1:1", "not valid YAML"),
    ("colons", "a: b: c", "1:5", "not valid YAML"),
]


@pytest.mark.parametrize(("text", "place", "fact"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_what_is_refused_has_its_place_and_takes_no_time(text: str, place: str, fact: str) -> None:
    begun = time.process_time()
    with pytest.raises(InvalidInput) as caught:
        load(text, "f.yaml")
    assert time.process_time() - begun < 3  # a third of a second alone
    line = str(caught.value)
    assert line.startswith(f"f.yaml:{place}")
    assert fact in line
    assert "\n" not in line
    assert len(line) < 200


READ = [
    ("", None),
    ("--- \n...\n", None),
    ("%YAML 1.2\n---\na: b", {"a": "b"}),
    ("\ufeffa: 1", {"a": 1}),
    ("a: 2026-11-01\nb: 2026-11-01T00:00:00Z", {"a": "2026-11-01", "b": "2026-11-01T00:00:00Z"}),
    ("a: yes\nb: on\nc: true\nd: FALSE", {"a": "yes", "b": "on", "c": True, "d": False}),
    ("a: ~\nb: null\nc:\nd: ''", {"a": None, "b": None, "c": None, "d": ""}),
    ("a: 0x1F\nb: 0o17\nc: 0b11\nd: 1_000\ne: -0\nf: +5", {"a": 31, "b": 15, "c": 3, "d": 1000, "e": 0, "f": 5}),
    ("a: 1.5\nb: 1e3\nc: -.5\nd: 1.\ne: 1.10", {"a": 1.5, "b": 1000.0, "c": -0.5, "d": 1.0, "e": 1.1}),
    ("a: 1:30\nb: .\nc: -x\nd: 1.2.3\ne: 0x", {"a": "1:30", "b": ".", "c": "-x", "d": "1.2.3", "e": "0x"}),
    ("a: !!str 1\nb: ! 2\nc: !!float 3", {"a": "1", "b": "2", "c": 3.0}),
    ("1: a\ntrue: b\nnull: c\n1.50: d", {"1": "a", "true": "b", "null": "c", "1.50": "d"}),
    ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
    ("a: &x {k: 1, l: 1}\nb: {<<: *x, k: 2}", {"a": {"k": 1, "l": 1}, "b": {"k": 2, "l": 1}}),
    ("b: {<<: [{k: 1}, {k: 2, l: 3}]}", {"b": {"k": 1, "l": 3}}),
    (f"{'[' * DEEPEST}{']' * DEEPEST}", json.loads(f"{'[' * DEEPEST}{']' * DEEPEST}")),
]


@pytest.mark.parametrize(("text", "value"), READ)
def test_values_are_those_of_the_core_schema(text: str, value: object) -> None:
    read = load(text, "f.yaml")
    assert read == value
    assert json.dumps(read) == json.dumps(value)


def test_a_file_that_is_no_text_has_its_place(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    for data, place in (
        (b"a: 1\nb: \xff", ":2:4"),
        ("a: ä".encode("utf-16"), ":1:1"),
        ("a: ä".encode("latin-1"), ":1:4"),
    ):
        file.write_bytes(data)
        with pytest.raises(InvalidInput, match=f"{place}: is not UTF-8 text"):
            read_text(file)
    with pytest.raises(InvalidInput, match="cannot be read: Is a directory"):
        read_text(tmp_path)
    with pytest.raises(InvalidInput, match="cannot be read: embedded null"):
        read_text(Path("a\0b"))


def test_a_file_without_end_is_refused_early() -> None:
    with pytest.raises(InvalidInput, match="/dev/zero: is larger than 16 MiB"):
        read_text(Path("/dev/zero"))


def test_lines_are_those_of_keys_and_items() -> None:
    assert lines_of(compose("a: &x\n  - b: 1\nc: *x\n", "f")) == {"": 1, "a": 1, "a[0]": 2, "a[0].b": 2, "c": 3}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"])).filter(
        lambda text: not text.startswith(":")  # ruamel writes `[:0]`, which libyaml refuses, with the place
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None)
@given(VALUES)
def test_what_another_library_writes_is_read_as_it_was(value: object) -> None:
    import io

    out = io.StringIO()
    YAML(typ="safe", pure=True).dump(value, out)
    assert load(out.getvalue(), "f") == value
    assert load(json.dumps(value, ensure_ascii=False), "f") == value
