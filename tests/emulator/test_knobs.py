"""Knobs as texts: from a command line or a file."""

import re
from dataclasses import fields
from inspect import getsource
from pathlib import Path

import pytest

from fcpin.emulator import EmulatorError, Knobs


def test_knobs_are_read_from_texts() -> None:
    knobs = Knobs.from_texts(["digest_prefix=prefixed", "oci_page_size=7", "update_seconds=1.5", "mark_failed=True"])
    assert knobs == Knobs(digest_prefix="prefixed", oci_page_size=7, update_seconds=1.5, mark_failed=True)


def test_knobs_are_read_from_a_parsed_file() -> None:
    assert Knobs.from_mapping({"oci_sorted": False, "oci_page_size": 7}) == Knobs(oci_sorted=False, oci_page_size=7)


MISTAKES = [
    ("no equals sign", "mark_failed", ["'mark_failed'", "NAME=VALUE"]),
    ("an unknown name", "colour=red", ["'colour'", "digest_prefix"]),
    ("none of the choices", "digest_prefix=long", ["digest_prefix", "'long'", "bare or prefixed"]),
    ("no boolean", "mark_failed=perhaps", ["mark_failed", "'perhaps'", "true or false"]),
    ("a page of nothing", "oci_page_size=0", ["oci_page_size", "got 0", "1 to 10000"]),
    ("a token of no life", "oci_token_seconds=0", ["oci_token_seconds", "got 0"]),
    ("time that runs backwards", "update_seconds=-1", ["update_seconds", "got -1"]),
    ("no number", "oci_page_size=many", ["oci_page_size", "'many'", "number"]),
]


@pytest.mark.parametrize(("label", "text", "facts"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_a_mistake_is_named(label: str, text: str, facts: list[str]) -> None:
    with pytest.raises(EmulatorError) as error:
        Knobs.from_texts([text])
    for fact in facts:
        assert fact in str(error.value)


def test_every_knob_has_a_description() -> None:
    source = getsource(Knobs)
    for field in fields(Knobs):
        declared = source.index(f"    {field.name}: ")
        assert source[declared:].splitlines()[1].strip().startswith('"""'), field.name


TESTS = Path(__file__).parents[1]
OWN = ("emulator", "probe")
OF_CLIENTS = "\n".join(file.read_text() for file in TESTS.rglob("*.py") if file.relative_to(TESTS).parts[0] not in OWN)


@pytest.mark.parametrize("name", [field.name for field in fields(Knobs)])
def test_every_knob_is_turned_by_a_test_of_a_client(name: str) -> None:
    """What nothing of fcpin depends upon is no knob."""
    assert re.search(rf"\b{name}=", OF_CLIENTS)
