"""The file of `fcpin probe` turns knobs."""

import json
from pathlib import Path
from typing import Any

import pytest

from fcpin.emulator import Emulator, EmulatorError, Knobs
from fcpin.emulator.knobs import read_facts
from tests.emulator.clients import HOST, Functions, resolved
from tests.emulator.test_command_line import run, started


def write(folder: Path, **changes: Any) -> Path:
    facts = {"digest_prefix": "prefixed", "acr_next_token": False, "update_seconds": 1.5}
    document = {
        "version": 1,
        "measured": "2026-11-22T12:00:00Z",
        "region": "cn-hangzhou",
        "facts": facts,
        "unknown": {},
    }
    file = folder / "facts.json"
    file.write_text(json.dumps({**document, **changes}))
    return file


def test_facts_turn_knobs_and_the_rest_stays(tmp_path: Path) -> None:
    file = write(tmp_path)
    expected = Knobs(digest_prefix="prefixed", acr_next_token=False, update_seconds=1.5)
    assert read_facts(file) == expected
    with Emulator(facts=file).serve() as cloud:
        assert cloud._account.knobs == expected


MISTAKES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("a fact that no knob is named after", {"facts": {"colour": "red"}}, ["'colour'", "digest_prefix"]),
    ("a value that is no position", {"facts": {"digest_prefix": "long"}}, ["digest_prefix", "bare or prefixed"]),
    ("a value that is no single one", {"facts": {"digest_prefix": ["bare"]}}, ["facts", "one value for each knob"]),
    ("no facts", {"facts": None}, ["facts", "one value for each knob"]),
    ("another version", {"version": 2}, ["version 1", "fcpin probe"]),
    ("an unknown key", {"knobs": {}}, ["unknown key 'knobs'", "facts"]),
]


@pytest.mark.parametrize(("label", "changes", "facts"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_a_mistake_is_named(label: str, changes: dict[str, Any], facts: list[str], tmp_path: Path) -> None:
    file = write(tmp_path, **changes)
    with pytest.raises(EmulatorError) as error:
        read_facts(file)
    for fact in (str(file), *facts):
        assert fact in str(error.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match="No such file"):
        read_facts(tmp_path / "nothing.json")
    (tmp_path / "text.json").write_text("x")
    with pytest.raises(EmulatorError, match="not valid JSON"):
        read_facts(tmp_path / "text.json")


def test_a_knob_on_the_command_line_overrides_a_fact(tmp_path: Path) -> None:
    file = write(tmp_path, facts={"digest_input": "accepted", "same_image_update": "error"})
    with started("--facts", str(file), "--knob", "same_image_update=keep") as (_, cloud, _):
        image = f"{HOST}/shop/app@{cloud.push('shop/app', 'main', content='one')}"
        functions = Functions(cloud)
        functions.create(image=image)
        assert resolved(functions.update_image(image=image)) == image.partition("@")[2]


def test_facts_that_cannot_be_read_are_one_line(tmp_path: Path) -> None:
    refused = run("--facts", str(tmp_path / "nothing.json"))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
