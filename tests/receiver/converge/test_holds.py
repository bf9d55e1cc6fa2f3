"""Holds from the page: written into the stack's file as `fcpin rollback` does, or nothing is."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from fcpin.clock import SystemClock
from fcpin.emulator import Emulator
from fcpin.errors import InvalidSettings
from fcpin.image import parse_digest
from fcpin.policy.hold import Hold
from fcpin.receiver.converge.holds import FileHolds
from fcpin.stack import Engine
from tests.support.deployed_stack import DeployedStack
from tests.support.instant import INSTANT

UNTIL = datetime(2099, 1, 1, tzinfo=UTC)
HOLD = Hold(until=UNTIL, tag="main-1", reason="main-2 loses orders")


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeployedStack]:
    """`checkout` runs main-2, which was pushed after main-1."""
    with Emulator(knobs=INSTANT).serve() as cloud:
        told = DeployedStack(tmp_path, cloud)
        monkeypatch.setenv("PATH", told.path())
        for tag in ("main-1", "main-2"):
            told.push(tag)
        told.deploy("checkout", "main-2")
        told.write_project()
        yield told


@pytest.fixture
def holds(told: DeployedStack) -> FileHolds:
    return FileHolds(Engine.find("pulumi", told.folder), SystemClock())


def written(told: DeployedStack) -> dict[str, str] | None:
    entry = yaml.safe_load(told.file.read_text())["config"]["fcpin:functions"]["checkout"]
    hold: dict[str, str] | None = entry.get("hold")
    told.reload()
    return hold


def test_a_function_is_held_and_let_go(told: DeployedStack, holds: FileHolds) -> None:
    before, digest = told.file.read_text(), told.push("main-1")
    holds.hold("test", "checkout", HOLD)
    until = "2099-01-01T00:00:00Z"
    assert written(told) == {"tag": "main-1", "digest": digest, "until": until, "reason": "main-2 loses orders"}
    holds.hold("test", "checkout", Hold(until=UNTIL, digest=parse_digest(digest), reason="by digest"))
    assert written(told) == {"digest": digest, "until": until, "reason": "by digest"}
    holds.resume("test", "checkout")
    assert told.file.read_text() == before
    told.reload()
    holds.resume("test", "checkout")
    assert told.file.read_text() == before


MISTAKES = [
    ("a tag that is not there", Hold(until=UNTIL, tag="main-9", reason="x"), r"tag: main-9 is no tag of"),
    ("a digest that no tag has", Hold(until=UNTIL, digest=parse_digest(f"sha256:{'0' * 64}"), reason="x"), "no tag of"),
    (
        "a digest that the tag has not",
        Hold(until=UNTIL, tag="main-1", digest=parse_digest(f"sha256:{'0' * 64}"), reason="x"),
        "digest: main-1 has",
    ),
    (
        "a date that is over",
        Hold(until=datetime(2020, 1, 1, tzinfo=UTC), tag="main-1", reason="x"),
        "until: is in the past",
    ),
    ("no reason", Hold(until=UNTIL, tag="main-1"), "reason: is required"),
    (
        "a reason that no preview can show",
        Hold(until=UNTIL, tag="main-1", reason="bell \a"),
        "reason: expected printable",
    ),
]


@pytest.mark.parametrize(("hold", "said"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_a_mistake_is_named_and_nothing_is_written(
    told: DeployedStack, holds: FileHolds, hold: Hold, said: str
) -> None:
    before = told.file.read_text()
    with pytest.raises(InvalidSettings, match=said):
        holds.hold("test", "checkout", hold)
    assert told.file.read_text() == before


def test_a_pin_that_the_file_does_not_name(holds: FileHolds) -> None:
    with pytest.raises(InvalidSettings, match="no entry 'nobody'"):
        holds.hold("test", "nobody", HOLD)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_cannot_be_written_is_said(told: DeployedStack, holds: FileHolds) -> None:
    told.file.parent.chmod(0o500)
    try:
        with pytest.raises(InvalidSettings, match=r"Pulumi\.test\.yaml: cannot be written"):
            holds.hold("test", "checkout", HOLD)
    finally:
        told.file.parent.chmod(0o700)


def test_a_hold_goes_into_the_file_that_has_the_function(told: DeployedStack, holds: FileHolds) -> None:
    folder = told.folder / "functions"
    folder.mkdir()
    file = folder / "a.yaml"
    file.write_text(yaml.safe_dump(told.functions))
    told.functions = {}
    stack_file = told.write_project()
    told.configure(functionFiles=["functions/*.yaml"])
    holds.hold(told.name, "checkout", HOLD)
    assert yaml.safe_load(file.read_text())["checkout"]["hold"]["tag"] == "main-1"
    assert told.file.read_text() == stack_file
    holds.resume(told.name, "checkout")
    assert "hold" not in yaml.safe_load(file.read_text())["checkout"]
