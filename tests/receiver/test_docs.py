"""docs/receiver.md names what there is."""

import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from fcpin.receiver.errors import Reason
from fcpin.receiver.senders import SENDERS
from fcpin.receiver.senders.authentication import SecretLocation
from fcpin.receiver.settings import schema

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "receiver.md").read_text()


@pytest.mark.parametrize("kind", SENDERS)
def test_every_sender_has_a_row_in_both_tables(kind: str) -> None:
    sender = SENDERS[kind]
    locations = ", ".join(one.value for one in SecretLocation if one in sender.secret_locations)
    ignored = ", ".join(f"`{name}`{f' ({remark})' * bool(remark)}" for name, remark in sender.ignored_events.items())
    assert f"| `{kind}` | {sender.summary} | {locations} |" in PAGE
    assert f"| `{kind}` | {sender.accepted} | {ignored} |".replace("|  |", "| |") in PAGE


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_of_a_rejection_has_a_row(reason: Reason) -> None:
    statuses = ", ".join(map(str, reason.statuses))
    assert f"| {statuses} | `{reason.label}` | {reason.description} |" in PAGE


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
