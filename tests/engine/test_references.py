"""StackReference: the outputs of another stack of the same backend, and nothing that they hide."""

import re

import pytest

from fcpin.engine.errors import EngineError
from fcpin.engine.stack import Stack
from tests.engine.engine_harness import EngineHarness


def stack_of(engine: EngineHarness) -> Stack:
    """The stack `dev`, with the backend in Pulumi.yaml."""
    file = engine.project / "Pulumi.yaml"
    file.write_text(f"{file.read_text()}\nbackend: {{url: 'file://{engine.backend}'}}\n")
    return Stack.named("dev", engine.project)


READER = """
    other = pulumi.StackReference("{stack}")
    Item("a", host=other.get_output("host"), pw=other.require_output("pw"), none=other.get_output("none"))
    export("host", other.get_output("host"))
    export("pw", other.get_output("pw"))
"""


def test_outputs_of_another_stack_are_read_and_its_secrets_stay_secret(engine: EngineHarness) -> None:
    engine.config("{}", stack="base")
    engine.program('export("host", "one")\nexport("pw", Output.secret("hunter2"))')
    assert engine.run("up", "--skip-preview", stack="base").code == 0
    engine.program(READER.format(stack="organization/workshop/base"))
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


@pytest.mark.parametrize("name", ["base", "organization/base", "organization/workshop/base"])
def test_a_stack_of_the_same_project_has_three_names(engine: EngineHarness, name: str) -> None:
    engine.config("{}", stack="base")
    assert stack_of(engine).outputs_of(name) == {}


@pytest.mark.parametrize(
    ("label", "name", "fact"),
    [
        ("a stack that does not exist", "organization/other/dev", "unknown stack 'organization/other/dev'"),
        ("another organization", "acme/other/dev", "organization/<project>/<stack>"),
    ],
)
def test_a_stack_that_cannot_be_read_is_an_error(engine: EngineHarness, label: str, name: str, fact: str) -> None:
    with pytest.raises(EngineError, match=re.escape(fact)):
        stack_of(engine).outputs_of(name)
