"""The documentation of the receiver has every sender and every rejection, and its examples are read."""

import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from fcpin.receiver.errors import Reason
from fcpin.receiver.senders import SENDERS
from fcpin.receiver.senders.authentication import SecretLocation
from fcpin.receiver.settings.read import receiver_schema

DOCS = Path(__file__).parent.parent.parent / "docs"
SENDERS_PAGE = (DOCS / "receiver" / "senders.md").read_text()
REFERENCE = (DOCS / "receiver" / "reference.md").read_text()
SCHEMA = receiver_schema()


@pytest.mark.parametrize("kind", SENDERS)
def test_a_sender_has_a_row_in_both_tables(kind: str) -> None:
    sender = SENDERS[kind]
    locations = ", ".join(one.facts.documented for one in SecretLocation if one in sender.secret_locations)
    ignored = ", ".join(f"`{name}`{f' ({remark})' * bool(remark)}" for name, remark in sender.ignored_events.items())
    assert f"| `{kind}` | {sender.summary} | {locations} |" in SENDERS_PAGE
    assert f"| `{kind}` | {sender.accepted} | {ignored} |".replace("|  |", "| |") in SENDERS_PAGE


def test_the_page_sets_every_sender_up_and_no_other() -> None:
    section = SENDERS_PAGE.partition("## Set a sender up")[2].partition("\n## ")[0]
    assert set(re.findall(r"^### .*: `(.*)`$", section, re.MULTILINE)) == set(SENDERS)


@pytest.mark.parametrize("reason", Reason)
def test_a_rejection_has_a_row(reason: Reason) -> None:
    statuses = ", ".join(map(str, reason.statuses))
    assert f"| {statuses} | `{reason.label}` | {reason.description} |" in REFERENCE


EXAMPLES = [
    pytest.param(text, id=f"{page.stem}-{number}")
    for page in (DOCS / "receiver.md", *sorted((DOCS / "receiver").glob("*.md")))
    for number, text in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL))
    if any(key in SCHEMA["properties"] for key in yaml.safe_load(text))
]


def test_the_quick_start_has_a_whole_file() -> None:
    assert len(EXAMPLES) > 5
    text = re.findall(r"```yaml\n(.*?)```", (DOCS / "receiver.md").read_text(), re.DOTALL)[0]
    assert "yaml-language-server" in text
    Draft7Validator(SCHEMA).validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_valid(text: str) -> None:
    parts = {name: value for name, value in SCHEMA.items() if name != "required"}
    Draft7Validator(parts).validate(yaml.safe_load(text))
