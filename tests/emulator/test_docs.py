"""docs/emulator.md names every knob, verb, fault, option and operation."""

from dataclasses import fields
from pathlib import Path
from typing import get_args

from fcpin.emulator import Emulator, Knobs
from fcpin.emulator.calls import Kind
from fcpin.emulator.command_line import serve
from fcpin.emulator.verbs import NAMES

DOCUMENT = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text()


def test_everything_is_described() -> None:
    account = Emulator()._account
    named = [
        *(f"| `{field.name}`" if "seconds" not in field.name else f"`{field.name}`" for field in fields(Knobs)),
        *(f"`{name}(" for name in NAMES),
        *(f"| `{kind}` |" for kind in get_args(Kind)),
        *(text for parameter in serve.params for text in parameter.opts[-1:]),
    ]
    assert [text for text in named if text not in DOCUMENT] == []
    operations = {*account.fc.table.actions, *account.devs.table.actions, *account.acr._operations}
    assert {name for name in operations if f"{name}," not in DOCUMENT and f"{name} |" not in DOCUMENT} == set()
