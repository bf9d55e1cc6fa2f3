"""StackReference: the outputs of another stack of the same backend, and nothing that they hide."""

import pytest

from tests.engine.engine_harness import EngineHarness

READER = """
    other = pulumi.StackReference("{stack}")
    Item("a", host=other.get_output("host"), pw=other.require_output("pw"), none=other.get_output("none"))
    export("host", other.get_output("host"))
    export("pw", other.get_output("pw"))
"""


@pytest.mark.parametrize("stack", ["base", "organization/base", "organization/workshop/base"])
def test_outputs_of_another_stack_are_read_and_its_secrets_stay_secret(engine: EngineHarness, stack: str) -> None:
    engine.config("{}", stack="base")
    engine.program('export("host", "one")\nexport("pw", Output.secret("hunter2"))')
    assert engine.run("up", "--skip-preview", stack="base").code == 0
    engine.program(READER.format(stack=stack))
    result = engine.run("up", "--yes")
    assert result.code == 0, result.text
    assert '+ host: "one"' in result.out
    assert "+ pw: [secret]" in result.out
    assert engine.cloud()["a"]["host"] == "one"
    assert engine.cloud()["a"]["pw"] == "hunter2"
    assert engine.cloud()["a"].get("none") is None
    for text in (result.text, engine.state_file.read_text()):
        assert "hunter2" not in text
    assert engine.up("--expect-no-changes").code == 0
    engine.program("")
    assert engine.up().code == 0
    assert [raw["type"] for raw in engine.state()["resources"]] == ["pulumi:pulumi:Stack"]


def test_a_new_output_of_the_other_stack_is_a_change_here(engine: EngineHarness) -> None:
    engine.config("{}", stack="base")
    for host in ("one", "two"):
        engine.program(f'export("host", "{host}")\nexport("pw", "x")')
        assert engine.run("up", "--skip-preview", stack="base").code == 0
        engine.program(READER.format(stack="base"))
        assert engine.up().code == 0
        assert engine.cloud()["a"]["host"] == host


@pytest.mark.parametrize(
    ("label", "name", "fact"),
    [
        ("a stack that does not exist", "organization/other/dev", "unknown stack 'organization/other/dev'"),
        ("another organization", "acme/other/dev", "organization/<project>/<stack>"),
    ],
)
def test_a_stack_that_cannot_be_read_is_one_line(engine: EngineHarness, label: str, name: str, fact: str) -> None:
    engine.program(READER.format(stack=name))
    result = engine.run("preview")
    assert result.code == 1
    assert [line for line in result.out.splitlines() if fact in line]
    assert "Traceback" not in result.text
