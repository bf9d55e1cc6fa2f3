"""The documentation names everything there is."""

from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.emulator.calls import Kind
from fcpin.emulator.command_line import serve
from fcpin.emulator.verbs import NAMES

DOCUMENT = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text()


@pytest.mark.parametrize("name", [field.name for field in fields(Knobs)])
def test_every_knob_is_described(name: str) -> None:
    assert f"`{name}`" in DOCUMENT


@pytest.mark.parametrize("name", NAMES)
def test_every_verb_is_described(name: str) -> None:
    assert f"`{name}(" in DOCUMENT


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_fault_is_described(kind: str) -> None:
    assert f"| `{kind}` |" in DOCUMENT


@pytest.mark.parametrize("option", [text for parameter in serve.params for text in parameter.opts[-1:]])
def test_every_option_is_described(option: str) -> None:
    assert option in DOCUMENT


def test_every_operation_is_listed() -> None:
    with Emulator().serve() as cloud:
        account = cloud._account
        operations = {*account.fc.table.actions, *account.devs.table.actions, *account.acr._operations}
    for operation in operations:
        assert f"{operation}," in DOCUMENT or f"{operation} |" in DOCUMENT, operation
