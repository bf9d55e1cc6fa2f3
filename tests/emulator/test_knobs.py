"""Knobs, from a command line and from the file of `fcpin probe`."""

import json
import re
from dataclasses import fields
from inspect import getsource
from pathlib import Path
from typing import Any

import pytest

from fcpin.emulator import Emulator, EmulatorError, Knobs
from fcpin.emulator.knobs import read_facts

TESTS = Path(__file__).parents[1]
OF_CLIENTS = "\n".join(
    file.read_text() for file in TESTS.rglob("*.py") if file.relative_to(TESTS).parts[0] not in ("emulator", "probe")
)


@pytest.mark.parametrize("name", [field.name for field in fields(Knobs)])
def test_every_knob_is_described_and_set_by_a_test_of_a_client(name: str) -> None:
    """A knob that nothing of fcpin depends on is removed."""
    assert re.search(rf"\b{name}=", OF_CLIENTS)
    source = getsource(Knobs)
    declared = source.index(f"    {name}: ")
    assert source[declared:].splitlines()[1].strip().startswith('"""')


def test_knobs_as_texts() -> None:
    knobs = Knobs.from_texts(["digest_prefix=prefixed", "oci_page_size=7", "update_seconds=1.5", "mark_failed=True"])
    assert knobs == Knobs(digest_prefix="prefixed", oci_page_size=7, update_seconds=1.5, mark_failed=True)
    assert Knobs.from_texts(["oci_page_size=8"], knobs).update_seconds == 1.5


TEXTS = [
    ("mark_failed", ["'mark_failed'", "NAME=VALUE"]),
    ("colour=red", ["'colour'", "digest_prefix"]),
    ("digest_prefix=long", ["digest_prefix", "'long'", "bare or prefixed"]),
    ("mark_failed=perhaps", ["mark_failed", "'perhaps'", "true or false"]),
    ("oci_page_size=0", ["oci_page_size", "got 0", "1 to 10000"]),
    ("oci_token_seconds=0", ["oci_token_seconds", "got 0"]),
    ("update_seconds=-1", ["update_seconds", "got -1"]),
    ("oci_page_size=many", ["oci_page_size", "'many'", "number"]),
]


@pytest.mark.parametrize(("text", "facts"), TEXTS, ids=[row[0] for row in TEXTS])
def test_invalid_texts(text: str, facts: list[str]) -> None:
    with pytest.raises(EmulatorError) as error:
        Knobs.from_texts([text])
    for fact in facts:
        assert fact in str(error.value)


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


def test_facts(tmp_path: Path) -> None:
    file = write(tmp_path)
    expected = Knobs(digest_prefix="prefixed", acr_next_token=False, update_seconds=1.5)
    assert read_facts(file) == Emulator(facts=file)._account.knobs == expected


FACTS: list[tuple[dict[str, Any], list[str]]] = [
    ({"facts": {"colour": "red"}}, ["'colour'", "digest_prefix"]),
    ({"facts": {"digest_prefix": "long"}}, ["digest_prefix", "bare or prefixed"]),
    ({"facts": {"digest_prefix": ["bare"]}}, ["facts", "one value for each knob"]),
    ({"facts": None}, ["facts", "one value for each knob"]),
    ({"version": 2}, ["version 1", "fcpin probe"]),
    ({"knobs": {}}, ["unknown key 'knobs'", "facts"]),
]


@pytest.mark.parametrize(("changes", "facts"), FACTS, ids=[str(row[0]) for row in FACTS])
def test_invalid_facts(changes: dict[str, Any], facts: list[str], tmp_path: Path) -> None:
    file = write(tmp_path, **changes)
    with pytest.raises(EmulatorError) as error:
        read_facts(file)
    for fact in (str(file), *facts):
        assert fact in str(error.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match="No such file"):
        read_facts(tmp_path / "missing.json")
    (tmp_path / "text.json").write_text("x")
    with pytest.raises(EmulatorError, match="not valid JSON"):
        read_facts(tmp_path / "text.json")
