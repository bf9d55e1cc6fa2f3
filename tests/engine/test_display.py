"""What is shown besides lines: the JSON digest."""

import json

from tests.engine.workbench import Workbench


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
