"""docs/receiver.md names what there is."""

import re
from pathlib import Path

import pytest
import yaml

from receiver.senders import KINDS

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "receiver.md").read_text()
INTAKE = [
    ROOT / "receiver" / "intake.py",
    *(file for room in ("senders", "web", "page") for file in (ROOT / "receiver" / room).glob("*.py")),
]
LABELS = {
    label
    for file in INTAKE
    for label in re.findall(r'(?:Refused\(\s*|_end\([^"]*|refused\([^"]*)(?:\d{3}, )?"(\w+)"', file.read_text())
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_sender_has_a_row(kind: str) -> None:
    assert f"| `{kind}` |" in PAGE


def test_the_labels_are_found() -> None:
    assert {"forged", "crowded", "slow", "unavailable", "unknown_event", "logged_out"} <= LABELS


@pytest.mark.parametrize("label", sorted(LABELS))
def test_every_label_of_a_refusal_has_a_row(label: str) -> None:
    assert f"| `{label}` |" in PAGE


def test_the_example_is_valid() -> None:
    from jsonschema import Draft7Validator

    from receiver.settings.schema import receiver_schema

    (example,) = re.findall(r"```yaml\n(# yaml-language-server.*?)```", PAGE, re.DOTALL)
    Draft7Validator(receiver_schema()).validate(yaml.safe_load(example))
