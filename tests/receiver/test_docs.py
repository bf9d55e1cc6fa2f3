"""docs/receiver.md names what there is."""

import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from fcpin.receiver.senders import KINDS
from fcpin.receiver.settings import schema

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "receiver.md").read_text()
INTAKE = [
    ROOT / "providers" / "fcpin" / "receiver" / "intake.py",
    *(
        file
        for room in ("senders", "web", "page")
        for file in (ROOT / "providers" / "fcpin" / "receiver" / room).glob("*.py")
    ),
]
LABELS = {
    label
    for file in INTAKE
    for label in re.findall(r'(?:Rejected\(\s*|_end\([^"]*|refused\([^"]*)(?:\d{3}, )?"(\w+)"', file.read_text())
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_sender_has_a_row(kind: str) -> None:
    assert f"| `{kind}` |" in PAGE


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_of_a_sender_is_listed(kind: str) -> None:
    (taken, ignored) = re.findall(
        rf"^\| `{kind}` \| (.*?) \| (.*?) ?\|$", PAGE.partition("| is ignored |")[2], re.MULTILINE
    )[0]
    assert set(KINDS[kind].takes) <= set(re.findall(r"`(.+?)`", taken))
    assert set(KINDS[kind].ignores) == set(re.findall(r"`(.+?)`", ignored))


def test_the_labels_are_found() -> None:
    assert {"forged", "crowded", "slow", "unavailable", "unknown_event", "logged_out"} <= LABELS


@pytest.mark.parametrize("label", sorted(LABELS))
def test_every_label_of_a_refusal_has_a_row(label: str) -> None:
    assert f"| `{label}` |" in PAGE


KEYS = {
    "key": schema.KEYS,
    "key of a stack": schema.STACK_KEYS,
    "key of a window": schema.WINDOW_KEYS,
    "key of a sender": schema.SENDER_KEYS,
    "key of the page": schema.PAGE_KEYS,
}


@pytest.mark.parametrize("table", KEYS)
def test_every_key_has_a_row_with_its_default(table: str) -> None:
    (rows,) = re.findall(rf"^\| {table} \| default \|.*\n.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    told = {
        key: default.strip("`")
        for names, default in re.findall(r"^\| (.*?) \| (.*?) ?\|", rows, re.MULTILINE)
        for key in re.findall(r"`(\w+)`", names)
    }
    assert list(told) == list(KEYS[table])
    for key, entry in KEYS[table].items():
        assert told[key] == str(entry.get("default", told[key]))


EXAMPLES = [
    text
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    if any(key in schema.KEYS for key in yaml.safe_load(text))
]


def test_the_first_example_is_a_whole_file() -> None:
    assert "yaml-language-server" in EXAMPLES[0]
    Draft7Validator(schema.receiver_schema()).validate(yaml.safe_load(EXAMPLES[0]))
    assert len(EXAMPLES) > 4


@pytest.mark.parametrize("text", EXAMPLES)
def test_what_an_example_says_is_read(text: str) -> None:
    parts = {name: value for name, value in schema.receiver_schema().items() if name != "required"}
    Draft7Validator(parts).validate(yaml.safe_load(text))
