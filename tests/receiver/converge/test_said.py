"""The reason of a failure is one line that says it all, once."""

import json

import pytest

from fcpin.receiver.converge.engine_run import Ended
from fcpin.receiver.converge.engines import reason

SAID = [
    (
        "an error at a resource is told once, without what stands around it",
        "Updating (test):\n    x  error: fcpin: no\nDiagnostics:\n  x (a):\n    error: fcpin: no\n\nResources:\n",
        "",
        "fcpin: no",
    ),
    ("several errors stand side by side", "    error: one\n    error: two\n", "", "one; two"),
    (
        "the CLI tells below the error who holds the lock",
        "",
        "error: the stack is currently locked by 1 lock(s).\n  file:///x.json: created by root@vm (pid 7)\n",
        "the stack is currently locked by 1 lock(s). file:///x.json: created by root@vm (pid 7)",
    ),
    (
        "a preview tells its errors as JSON",
        json.dumps(
            {"steps": [], "diagnostics": [{"severity": "error", "message": "error: no\n"}, {"severity": "info"}]}
        ),
        "",
        "no",
    ),
    ("without an error the last word counts", "Updating (test):\n", "Killed\n", "Updating (test):"),
    ("nothing was said", "", "", "failed without a word"),
]


@pytest.mark.parametrize(("stdout", "stderr", "told"), [row[1:] for row in SAID], ids=[row[0] for row in SAID])
def test_reason(stdout: str, stderr: str, told: str) -> None:
    assert reason(Ended(1, stdout, stderr)) == told


def test_a_reason_has_an_end() -> None:
    assert len(reason(Ended(1, "", "error: " + "x" * 10_000))) == 2000
