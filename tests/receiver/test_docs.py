"""The documentation of the receiver has every sender, rejection and limit, and its examples are valid."""

import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from fcpin.receiver.errors import Reason
from fcpin.receiver.page.live import MAX_STREAMS
from fcpin.receiver.senders import SENDERS
from fcpin.receiver.senders.authentication import SecretLocation
from fcpin.receiver.senders.json_fields import MAX_DEPTH, MAX_VALUES
from fcpin.receiver.settings.read import receiver_schema
from fcpin.receiver.web.limits import WRONG_SECRETS_PER_MINUTE, Limits

DOCS = Path(__file__).parent.parent.parent / "docs"
SENDERS_PAGE = (DOCS / "receiver" / "senders.md").read_text()
REFERENCE = (DOCS / "receiver" / "reference.md").read_text()
OPERATIONS = (DOCS / "receiver" / "operations.md").read_text()
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


LIMITS = Limits()
QUOTED: dict[Reason, list[float]] = {
    Reason.MALFORMED: [MAX_DEPTH],
    Reason.SLOW: [LIMITS.header_seconds, LIMITS.body_seconds, LIMITS.unread_seconds],
    Reason.OVERSIZED: [LIMITS.body_bytes / 2**20, MAX_VALUES],
    Reason.THROTTLED: [WRONG_SECRETS_PER_MINUTE],
    Reason.CROWDED: [LIMITS.connections, MAX_STREAMS],
}
"""The limits that a description quotes, in its order."""


@pytest.mark.parametrize("reason", Reason)
def test_a_rejection_quotes_the_limits(reason: Reason) -> None:
    numbers = [text for text in re.findall(r"\d[\d,]*", reason.description) if text not in map(str, reason.statuses)]
    assert numbers == [f"{limit:,g}" for limit in QUOTED.get(reason, [])]
    assert f"More than {WRONG_SECRETS_PER_MINUTE} wrong tokens a minute" in OPERATIONS


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
