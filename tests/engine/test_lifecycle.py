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


def test_a_preview_changes_no_file_up_deploys_and_destroy_keeps_the_stack(engine: EngineHarness) -> None:
    engine.program(TWO)
    shown = engine.run("preview")
    assert shown.code == 0, shown.text
    assert " +  pulumi-python:dynamic/journal:Item a create" in shown.out
    assert "+ 4 to create" in shown.out
    assert not list(engine.backend.rglob("*"))
    assert (engine.project / "stacks" / "Pulumi.dev.yaml").read_text() == "{}"
    assert engine.named_calls("create") == []
    engine.forget_calls()
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
    refused = engine.run_here("destroy")
    assert refused.code == 2
    assert "--yes" in refused.err
    destroyed = engine.run("destroy", "--yes")
    assert destroyed.code == 0, destroyed.text
    assert "- 4 deleted" in destroyed.out
    assert engine.cloud() == {}
    assert engine.state().get("resources") is None


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
