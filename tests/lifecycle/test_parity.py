"""The embedded engine is a stand-in: the Pulumi CLI makes the same calls and leaves the same state."""

import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fcpin.emulator import Emulator, Knobs
from tests.lifecycle.conftest import QUICK
from tests.lifecycle.stack_harness import FUNCTION, StackHarness
from tests.support.stack import Stack

_NOISE = re.compile(r"sha256:[0-9a-f]{12,64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z")


def alike(value: Any) -> Any:
    """*value* without what differs from one run to the next: digests, ids, times and durations."""
    if isinstance(value, dict):
        return {key: alike(item) for key, item in value.items() if key != "exposed_seconds"}
    if isinstance(value, list):
        return [alike(item) for item in value]
    return _NOISE.sub("…", value) if isinstance(value, str) else value


def bag(pin: dict[str, Any]) -> dict[str, Any]:
    """What both engines keep of a resource.

    The CLI also notes where in the program it stands; a refresh of its own forgets the property dependencies.
    """
    kept = ("urn", "custom", "id", "type", "inputs", "outputs", "parent", "dependencies")
    return {key: alike(pin[key]) for key in kept if pin.get(key)}


def story(folder: Path, engine: str, knobs: Knobs) -> list[tuple[str, Counter[str], list[dict[str, Any]]]]:
    """Every step of a life with the calls it made and the state it left."""
    steps = []
    with Emulator(knobs=knobs).serve() as cloud:
        harness = StackHarness.open(Stack(folder, engine), cloud)

        def step(name: str, command: str, *flags: str) -> None:
            cloud.calls.clear()
            done = harness.stack.run(command, *flags)
            assert done.code == 0, done
            steps.append(
                (name, Counter(call.action for call in cloud.calls), [bag(pin) for pin in harness.stack.resources()])
            )

        harness.push("main-1")
        step("create", "up", "--yes")
        step("nothing new", "up", "--yes")
        harness.push("main-2")
        step("preview", "preview")
        step("update", "up", "--yes")
        harness.configure(
            {FUNCTION: harness.entry(hold={"tag": "main-1", "until": "2099-01-01T00:00:00Z", "reason": "slow"})}
        )
        step("hold", "up", "--yes")
        harness.push("main-1", content="moved")
        step("refresh", "refresh", "--yes")
        step("heal", "up", "--yes")
        harness.configure({FUNCTION: harness.entry(function_name="other")})
        step("replace", "up", "--yes")
        step("delete", "destroy", "--yes")
    return steps


@pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH")
def test_both_engines_make_the_same_calls_and_leave_the_same_state(tmp_path: Path) -> None:
    ours, theirs = (story(tmp_path / engine, engine, QUICK) for engine in ("embedded", "pulumi"))
    for mine, other in zip(ours, theirs, strict=True):
        name = mine[0]
        assert mine[1] == other[1], name
        assert mine[2] == other[2], name
