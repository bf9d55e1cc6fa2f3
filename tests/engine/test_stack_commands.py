"""stack ls, output and export, and config: what they print, and that they leave nothing on disk."""

import json

from tests.engine.engine_harness import EngineHarness


def test_a_stack_with_a_settings_file_begins_with_its_first_up(engine: EngineHarness) -> None:
    engine.config("{}", stack="fresh")
    engine.program('Item("a")')
    assert json.loads(engine.run_here("stack", "export", stack="fresh").out) == {"version": 3, "deployment": {}}
    assert engine.run_here("stack", "ls", stack=None).out.splitlines()[1:] == []
    assert engine.run("up", "--skip-preview", stack="fresh").code == 0
    listed = engine.run_here("stack", "ls", stack=None).out.splitlines()
    assert listed[0].split() == ["NAME", "LAST", "UPDATE", "RESOURCE", "COUNT"]
    assert [line.split()[0] for line in listed[1:]] == ["fresh"]
    assert engine.run("destroy", "--skip-preview", stack="fresh").code == 0
    listed = engine.run_here("stack", "ls", stack=None).out.splitlines()
    assert listed[1].split() == ["fresh", "n/a", "0"]


def test_export_never_shows_secrets_and_output_only_on_request(engine: EngineHarness) -> None:
    engine.program('export("pw", Output.secret("hunter2"))\nexport("n", 1)')
    engine.up()
    sealed = engine.run_here("stack", "export").out
    assert "hunter2" not in sealed
    assert json.loads(sealed)["deployment"]["resources"][0]["outputs"]["n"] == 1
    assert "[secret]" in engine.run_here("stack", "output").out
    assert engine.run_here("stack", "output", "pw", "--show-secrets").out == "hunter2\n"
    missing = engine.run_here("stack", "output", "nothing")
    assert (missing.code, missing.err) == (1, "error: current stack does not have output property 'nothing'\n")


def test_a_state_keeps_its_secrets_when_the_cli_gives_the_stack_another_salt(engine: EngineHarness) -> None:
    engine.program('export("pw", Output.secret("hunter2"))')
    engine.up()
    before = engine.state()["secrets_providers"]["state"]["salt"]
    salt = engine.salted().salt
    assert engine.up("--expect-no-changes").code == 0
    after = engine.state()["secrets_providers"]["state"]["salt"]
    assert salt == after
    assert after != before
    assert engine.run_here("stack", "output", "pw", "--show-secrets").out == "hunter2\n"


def test_the_configuration_is_shown_as_the_cli_shows_it(engine: EngineHarness) -> None:
    crypter = engine.salted()
    sealed = crypter.encrypt("hunter2")
    engine.config(f"""
        encryptionsalt: {crypter.salt}
        config:
          workshop:list: [1, two]
          workshop:nothing: null
          workshop:pw: {{secure: "{sealed}"}}
          workshop:deep: {{pw: {{secure: "{sealed}"}}}}
    """)
    assert json.loads(engine.run_here("config", "--json", "--show-secrets").out) == {
        "engine:providers": {"value": "journal", "secret": False},
        "workshop:base": {"value": "one", "secret": False},
        "workshop:deep": {"value": '{"pw":"hunter2"}', "secret": True},
        "workshop:list": {"value": '[1,"two"]', "secret": False},
        "workshop:nothing": {"value": "", "secret": False},
        "workshop:pw": {"value": "hunter2", "secret": True},
    }
    refused = engine.run_here("config", "--json")
    assert refused.code == 1
    assert "use the Pulumi CLI" in refused.err
