"""The engine from outside: the real program process, the real plugin process, the real state file."""

import json

from tests.engine.engine_harness import EngineHarness

TWO = """
    a = Item("a", size=1)
    box = Box("box")
    Item("b", of=a.token, opts=ResourceOptions(parent=box))
    box.register_outputs({"size": 3})
    export("token", a.token)
"""


def test_a_preview_shows_what_up_would_do_and_changes_no_file(engine: EngineHarness) -> None:
    engine.program(TWO)
    result = engine.run("preview")
    assert result.code == 0, result.text
    assert " +  pulumi-python:dynamic/journal:Item a create" in result.out
    assert "+ 4 to create" in result.out
    assert not list(engine.backend.rglob("*"))
    assert (engine.project / "stacks" / "Pulumi.dev.yaml").read_text() == "{}"
    assert engine.named_calls("create") == []


def test_up_previews_deploys_and_then_has_nothing_left_to_do(engine: EngineHarness) -> None:
    engine.program(TWO)
    result = engine.run("up", "--yes")
    assert result.code == 0, result.text
    assert result.out.index("Previewing update (dev)") < result.out.index("Updating (dev)")
    assert "+ 4 created" in result.out
    assert len({call["pid"] for call in engine.calls()}) == 2  # a plugin process for each phase
    assert '+ token: "token-of-a"' in result.out
    assert engine.cloud()["b"]["of"] == "token-of-a"
    assert engine.resources()["b"]["dependencies"] == [engine.resources()["a"]["urn"]]
    types = "journal:index:Box$pulumi-python:dynamic/journal:Item"
    assert engine.resources()["b"]["urn"] == f"urn:pulumi:dev::workshop::{types}::b"
    box = next(raw for raw in engine.state()["resources"] if raw["type"] == "journal:index:Box")
    assert box["outputs"] == {"size": 3}
    engine.forget_calls()
    again = engine.up("--expect-no-changes")
    assert again.code == 0, again.text
    assert "4 unchanged" in again.out
    assert {call["method"] for call in engine.calls()} == {"check", "diff"}


def test_an_update_shows_every_changed_value_old_and_new(engine: EngineHarness) -> None:
    engine.program('Item("a", size=1, tag="main-11", gone=True)')
    engine.up()
    engine.program('Item("a", size=1, tag="main-12", fresh=[1, {"x": None}])')
    result = engine.run("preview")
    assert "Item a update [diff: +fresh-gone~tag]" in result.out
    assert '~ tag: "main-11" => "main-12"' in result.out
    assert "+ fresh: [1, {}]" in result.out or "+ fresh: [1" in result.out
    assert "- gone: true" in result.out
    assert "~ 1 to update" in result.out
    assert engine.cloud()["a"]["tag"] == "main-11"
    assert engine.up().code == 0
    assert engine.cloud()["a"]["tag"] == "main-12"
    assert engine.resources()["a"]["outputs"]["version"] == 2


def test_refresh_takes_over_what_is_there_and_up_refresh_repairs_it(engine: EngineHarness) -> None:
    engine.program('Item("a", size=1)\nItem("b")\nItem("c")')
    engine.up()
    engine.tamper("a", size=7)
    engine.tamper("b")
    drift = engine.run("refresh", "--preview-only", "--expect-no-changes")
    assert drift.code == 7, drift.text
    assert "~ size: 1 => 7" in drift.out
    assert "- 1 to delete" in drift.out
    assert engine.resources()["a"]["inputs"]["size"] == 1
    assert engine.run("refresh", "--yes").code == 0
    assert engine.resources()["a"]["inputs"]["size"] == 7
    assert "b" not in engine.resources()
    repaired = engine.up("--refresh")
    assert repaired.code == 0, repaired.text
    assert "~ size: 7 => 1" in repaired.out
    assert engine.cloud()["a"]["size"] == 1
    assert "b" in engine.cloud()
    assert engine.run("preview", "--refresh", "--expect-no-changes").code == 0


def test_destroy_asks_deletes_everything_and_keeps_the_stack(engine: EngineHarness) -> None:
    engine.program(TWO)
    engine.up()
    refused = engine.run_here("destroy")
    assert refused.code == 2
    assert "--yes" in refused.err
    result = engine.run("destroy", "--yes")
    assert result.code == 0, result.text
    assert "- 4 deleted" in result.out
    assert engine.cloud() == {}
    assert engine.state().get("resources") is None
    assert engine.named_calls("delete") == ["delete b", "delete a"]


def test_secrets_are_encrypted_in_the_state_and_hidden_in_every_output(engine: EngineHarness) -> None:
    engine.program("""
        a = Item("a", pw=Output.secret("hunter2"), nested={"deep": Output.secret("hunter2")},
                 opts=ResourceOptions(additional_secret_outputs=["token"]))
        export("token", a.token)
        export("pw", a.pw if hasattr(a, "pw") else Output.secret("hunter2"))
    """)
    result = engine.run("up", "--yes", "--diff")
    assert result.code == 0, result.text
    assert engine.cloud()["a"]["pw"] == "hunter2"
    for text in (result.text, engine.state_file.read_text()):
        assert "hunter2" not in text
        assert "token-of-a" not in text
    assert "token: [secret]" in result.out
    assert engine.run_here("stack", "output", "token", "--show-secrets").out == "token-of-a\n"
    assert json.loads(engine.run_here("stack", "output", "--json").out) == {"token": "[secret]", "pw": "[secret]"}
    before = engine.state()["resources"]
    assert engine.up("--expect-no-changes").code == 0
    assert engine.state()["resources"] == before


def test_a_method_that_raises_is_shown_in_one_line_and_in_full_at_the_end(engine: EngineHarness) -> None:
    engine.program('a = Item("a", size=1)\nItem("b", of=a.token)')
    engine.fail("create", "a", "ACR answered 403")
    result = engine.up()
    assert result.code == 1
    assert "Item a **creating failed** error: RuntimeError: ACR answered 403" in result.out
    assert result.out.count("ACR answered 403\n") == 2
    assert "1 errored" in result.out
    assert result.err == ""
    assert engine.named_calls("check") == ["check a"]
    assert engine.resources() == {}


def test_check_failures_are_shown_all_at_once_each_with_its_path(engine: EngineHarness) -> None:
    engine.program('Item("a", bad={"policy.range": "is no range", "": "no tag qualifies"})\nItem("b")')
    result = engine.run("preview")
    assert result.code == 1
    assert "resource 'a': property policy.range" in result.out
    assert "has a problem: is no range" in result.out
    assert "resource 'a' has a problem: no tag qualifies" in result.out
    assert " +  pulumi-python:dynamic/journal:Item b create" in result.out


def test_a_program_that_raises_shows_its_own_traceback_and_loses_nothing(engine: EngineHarness) -> None:
    engine.program('Item("a")\nItem("b")')
    engine.up()
    engine.program('Item("a")\nraise ValueError("half way")')
    result = engine.up()
    assert result.code == 1
    assert "ValueError: half way" in result.out
    assert "engine/child.py" not in result.text
    assert set(engine.resources()) == {"a", "b"}
    assert engine.named_calls("delete") == []


def test_a_program_that_dies_is_an_error(engine: EngineHarness) -> None:
    engine.program('Item("a")\nimport os\nos._exit(3)')
    result = engine.run("preview")
    assert result.code == 1
    assert "exit code 3" in result.out


def test_what_program_and_plugin_print_and_log_is_shown(engine: EngineHarness) -> None:
    engine.config("config: {workshop:announce: hello}")
    engine.program("""
        print("from the program")
        item = Item("a")
        pulumi.log.warn("careful", item)
        pulumi.log.info(pulumi.Config().require("base"))
    """)
    result = engine.run("preview")
    assert "from the program" in result.out
    assert "configured: hello" in result.out
    assert "a: warning: careful" in result.out
    assert "info: one" in result.out
