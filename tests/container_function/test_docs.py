"""The page of ContainerFunction: its example runs, and every argument has a row."""

import dataclasses
import inspect
import re
from pathlib import Path

import pytest

from fcpin.container_function import ContainerFunction, LogArgs, RepositoryArgs, RoleArgs, TriggerArgs, VpcArgs
from fcpin.container_function.component import OUTPUTS
from tests.container_function.registered import run

PAGE = (Path(__file__).parents[2] / "docs" / "container-function.md").read_text()
ARGUMENTS = inspect.signature(ContainerFunction.__init__).parameters.keys() - {"self", "resource_name", "opts", "pin"}


def test_the_example_makes_what_the_page_shows() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    made = run(lambda: exec(compile(code, "container-function.md", "exec"), {}))  # noqa: S102 - our own page
    kinds = {name.partition(" ")[0] for name in made.resources}
    assert kinds >= {"Role", "RolePolicyAttachment", "Store", "StoreIndex", "V3Function", "PinnedFunction", "V3Trigger"}
    assert "Project" not in kinds


def rows(heading: str) -> set[str]:
    """Names in the first cells of the table under *heading*, its first line."""
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return set(re.findall(r"`(\w+)`", " ".join(line.split(" | ")[0] for line in table.splitlines()[2:])))


@pytest.mark.parametrize("kind", [LogArgs, RepositoryArgs, RoleArgs, TriggerArgs, VpcArgs])
def test_every_field_of_a_part_has_a_row(kind: type) -> None:
    assert rows(f"`{kind.__name__}`") == {field.name for field in dataclasses.fields(kind)}


def test_every_input_and_output_has_a_row() -> None:
    assert rows("input") == ARGUMENTS
    assert rows("output") == set(OUTPUTS)
