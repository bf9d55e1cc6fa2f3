"""What is shown besides lines: the JSON digest, and the terminal with its question."""

import json
import os
import pty
import subprocess
import sys

import pytest

from tests.engine.workbench import PATIENCE, Workbench


def test_the_digest_has_old_and_new_states_and_what_differs(bench: Workbench) -> None:
    bench.program('Item("a", tag="main-11", pw=Output.secret("hunter2"))\nItem("gone")')
    bench.up()
    bench.program('Item("a", tag="main-12", pw=Output.secret("hunter2"))\nItem("new")')
    result = bench.engine("preview", "--json")
    assert result.code == 0, result.text
    digest = json.loads(result.out)
    steps = {step["urn"].rpartition("::")[2]: step for step in digest["steps"]}
    assert {name: step["op"] for name, step in steps.items()} == {
        "workshop-dev": "same",
        "a": "update",
        "gone": "delete",
        "new": "create",
    }
    assert steps["a"]["oldState"]["inputs"]["tag"] == "main-11"
    assert steps["a"]["newState"]["inputs"]["tag"] == "main-12"
    assert steps["a"]["newState"]["inputs"]["pw"] == "[secret]"
    assert steps["a"]["detailedDiff"] == {"tag": {"kind": "update", "inputDiff": True}}
    assert digest["changeSummary"] == {"same": 1, "update": 1, "delete": 1, "create": 1}


def test_the_digest_of_a_failure_has_its_diagnostics(bench: Workbench) -> None:
    bench.program('Item("a", bad={"tag": "no tag qualifies"})')
    result = bench.engine("preview", "--json")
    assert result.code == 1
    [diagnostic] = json.loads(result.out)["diagnostics"]
    assert diagnostic["severity"] == "error"
    assert diagnostic["urn"].endswith("::a")
    assert "no tag qualifies" in diagnostic["message"]


def on_a_terminal(bench: Workbench, answer: str) -> tuple[int, str]:
    """Run `up`, answer its question, and return the exit code and all that was shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "fcpin.engine", "up", "--stack", "dev"],
        cwd=bench.project,
        env={**bench.environment, "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    answered = False
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # the other end is closed: Linux says so with an error
            break
        if not chunk:
            break
        seen += chunk
        if not answered and b"(yes/no)" in seen:
            os.write(ours, f"{answer}\n".encode())
            answered = True
    os.close(ours)
    return process.wait(PATIENCE), seen.decode()


@pytest.mark.parametrize(("answer", "code", "created"), [("yes", 0, ["a"]), ("no", 8, [])])
def test_on_a_terminal_up_asks_after_its_preview(bench: Workbench, answer: str, code: int, created: list[str]) -> None:
    bench.program('Item("a")')
    ended, text = on_a_terminal(bench, answer)
    assert ended == code, text
    assert "Perform this update? (yes/no)" in text
    assert " +  pulumi-python:dynamic/journal:Item a create" in text
    assert list(bench.cloud()) == created
