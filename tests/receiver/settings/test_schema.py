"""The schema of `receiver.yaml` says what is read: every key, and nothing else."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from fcpin.receiver.settings import read, schema, windows
from tests.receiver.settings.test_read import ALL, LEAST, WRONG

ROOT = Path(__file__).parent.parent.parent.parent
RECEIVER = Draft7Validator(schema.receiver_schema())

NOT_IN_A_SCHEMA = {
    "no YAML",
    "no such project",
    "nobody could approve",
    "at most before quiet",
    "a secret that is not set",
    "a secret in no file",
    "an empty secret",
    "a short secret",
    "a secret that is no part of a URL",
    "a secret like an instance",
    "a survey every moment",
    "what is no Redis",
    "what is no address",
    "what is no network",
    "what is no network of a proxy",
    "no day",
    "no time zone",
    "a zone out of its folder",
}
"""What takes the environment, the files beside it, a clock or arithmetic to see."""


def test_the_file_in_the_documentation_is_what_is_printed() -> None:
    printed = f"{json.dumps(schema.receiver_schema(), indent=2)}\n"
    assert printed == (ROOT / "docs" / "schemas" / "receiver.schema.json").read_text()


@pytest.mark.parametrize(
    ("described", "keys"),
    [
        (schema.KEYS, read.KEYS),
        (schema.STACK_KEYS, read.STACK_KEYS),
        (schema.SENDER_KEYS, read.SENDER_KEYS),
        (schema.PAGE_KEYS, read.PAGE_KEYS),
        (schema.WINDOW_KEYS, windows.KEYS),
    ],
    ids=["file", "stack", "sender", "page", "window"],
)
def test_every_key_that_is_read_is_described(described: Mapping[str, Mapping[str, Any]], keys: tuple[str, ...]) -> None:
    Draft7Validator.check_schema(schema.receiver_schema())
    assert list(described) == list(keys)
    assert all(entry["description"].endswith((".", "…")) for entry in described.values())


@pytest.mark.parametrize("text", [LEAST, ALL], ids=["the least", "everything"])
def test_what_is_read_is_valid(text: str) -> None:
    RECEIVER.validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", [pytest.param(row[1], id=row[0]) for row in WRONG if row[0] not in NOT_IN_A_SCHEMA])
def test_what_is_wrong_is_marked_in_the_editor(text: str) -> None:
    assert not RECEIVER.is_valid(yaml.safe_load(text))
