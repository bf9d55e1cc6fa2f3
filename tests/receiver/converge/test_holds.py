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
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeployedStack]:
    """`checkout` runs main-2, which was pushed after main-1."""
    with Emulator(knobs=INSTANT).serve() as cloud:
        stack = DeployedStack(tmp_path, cloud)
        monkeypatch.setenv("PATH", stack.path())
        for tag in ("main-1", "main-2"):
            stack.push(tag)
        stack.deploy("checkout", "main-2")
        stack.write_project()
        yield stack


@pytest.fixture
def holds(stack: DeployedStack) -> FileHolds:
    return FileHolds(Engine.find("pulumi", stack.folder), SystemClock())


def written(stack: DeployedStack) -> dict[str, str] | None:
    entry = yaml.safe_load(stack.file.read_text())["config"]["fcpin:functions"]["checkout"]
    hold: dict[str, str] | None = entry.get("hold")
    stack.reload()
    return hold


def test_a_function_is_held_until_the_hold_ends(stack: DeployedStack, holds: FileHolds) -> None:
    before, digest = stack.file.read_text(), stack.push("main-1")
    holds.hold("test", "checkout", HOLD)
    until = "2099-01-01T00:00:00Z"
    assert written(stack) == {"tag": "main-1", "digest": digest, "until": until, "reason": "main-2 loses orders"}
    holds.hold("test", "checkout", Hold(until=UNTIL, digest=parse_digest(digest), reason="by digest"))
    assert written(stack) == {"digest": digest, "until": until, "reason": "by digest"}
    holds.resume("test", "checkout")
    assert stack.file.read_text() == before
    stack.reload()
    holds.resume("test", "checkout")
    assert stack.file.read_text() == before


NO_DIGEST, OVER = parse_digest(f"sha256:{'0' * 64}"), datetime(2020, 1, 1, tzinfo=UTC)
MISTAKES = [
    # label, pin, hold, problem
    ("a tag that is not there", "checkout", Hold(until=UNTIL, tag="main-9", reason="x"), r"tag: main-9 is not a tag of"),
    ("a digest that no tag has", "checkout", Hold(until=UNTIL, digest=NO_DIGEST, reason="x"), "no tag of"),
    ("a digest that the tag does not have", "checkout", Hold(until=UNTIL, tag="main-1", digest=NO_DIGEST, reason="x"), "digest: main-1 now has"),
    ("a date that is over", "checkout", Hold(until=OVER, tag="main-1", reason="x"), "until: is in the past"),
    ("no reason", "checkout", Hold(until=UNTIL, tag="main-1"), "reason: is required"),
    ("a reason that no preview can show", "checkout", Hold(until=UNTIL, tag="main-1", reason="bell \a"), "reason: expected printable"),
    ("a pin that the file does not name", "missing", HOLD, "no entry 'missing'"),
]  # fmt: skip


@pytest.mark.parametrize(("pin", "hold", "problem"), [pytest.param(*row[1:], id=row[0]) for row in MISTAKES])
def test_a_mistake_is_named_and_nothing_is_written(
    stack: DeployedStack, holds: FileHolds, pin: str, hold: Hold, problem: str
) -> None:
    before = stack.file.read_text()
    with pytest.raises(InvalidSettings, match=problem):
        holds.hold("test", pin, hold)
    assert stack.file.read_text() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_cannot_be_written_is_a_problem(stack: DeployedStack, holds: FileHolds) -> None:
    stack.file.parent.chmod(0o500)
    try:
        with pytest.raises(InvalidSettings, match=r"Pulumi\.test\.yaml: cannot be written"):
            holds.hold("test", "checkout", HOLD)
    finally:
        stack.file.parent.chmod(0o700)


def test_a_hold_goes_into_the_file_that_has_the_function(stack: DeployedStack, holds: FileHolds) -> None:
    folder = stack.folder / "functions"
    folder.mkdir()
    file = folder / "a.yaml"
    file.write_text(yaml.safe_dump(stack.functions))
    stack.functions = {}
    stack_file = stack.write_project()
    stack.configure(functionFiles=["functions/*.yaml"])
    holds.hold(stack.name, "checkout", HOLD)
    assert yaml.safe_load(file.read_text())["checkout"]["hold"]["tag"] == "main-1"
    assert stack.file.read_text() == stack_file
    holds.resume(stack.name, "checkout")
    assert "hold" not in yaml.safe_load(file.read_text())["checkout"]
