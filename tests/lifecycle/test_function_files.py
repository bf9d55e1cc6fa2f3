"""Functions in files of their own, and configurations of any size, from the program to the state."""

import json

import pytest
import yaml

from tests.lifecycle.stack_harness import FUNCTION, StackHarness


def split(harness: StackHarness, **settings: object) -> None:
    """`checkout` is in a file, `search` in another one, and nothing is in the stack's own."""
    folder = harness.stack.folder / "functions"
    folder.mkdir(exist_ok=True)
    for name, function in (("a", FUNCTION), ("b", "search")):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({function: harness.entry(function_name=function)}))
    harness.configure({}, functionFiles=["functions/*.yaml"], **settings)


def test_functions_of_files_are_deployed_shown_and_held_where_they_are_written(harness: StackHarness) -> None:
    harness.push("main-1")
    split(harness)
    harness.up()
    assert {resource["outputs"]["function_name"] for resource in harness.stack.resources()} == {FUNCTION, "search"}
    harness.push("main-2")
    harness.up()
    drift = json.loads(harness.stack.fcpin("drift", "--json").output)
    assert {row["function_name"]: row["drift"] for row in drift["functions"]} == {FUNCTION: "ok", "search": "ok"}
    held = harness.stack.fcpin("rollback", "search", "--until", "7d", "--reason", "loses orders")
    assert held.code == 0, held
    assert "--- functions/b.yaml" in held.output
    assert "hold" in yaml.safe_load((harness.stack.folder / "functions" / "b.yaml").read_text())["search"]
    harness.up()
    assert harness.deployed("search").startswith("main-1@")
    assert harness.deployed().startswith("main-2@")


def test_a_name_in_two_files_stops_everything_with_both_places(harness: StackHarness) -> None:
    harness.push("main-1")
    split(harness)
    (harness.stack.folder / "functions" / "c.yaml").write_text(yaml.safe_dump({"search": harness.entry()}))
    preview = harness.stack.preview()
    assert preview.code != 0
    assert "functions/c.yaml:1: search is in functions/b.yaml:1 as well; remove one of the two" in preview.output
    assert not preview.has_traceback
    command = harness.stack.fcpin("drift")
    assert "functions/c.yaml:1: search is in functions/b.yaml:1 as well" in command.output
    assert command.code == 2


def test_without_the_files_what_is_deployed_can_still_be_destroyed(harness: StackHarness) -> None:
    harness.push("main-1")
    split(harness)
    harness.up()
    for file in (harness.stack.folder / "functions").iterdir():
        file.unlink()
    assert harness.stack.destroy().code == 0
    assert harness.stack.resources() == []


def test_the_configuration_may_be_larger_than_an_argument_of_a_process(harness: StackHarness) -> None:
    if harness.stack.engine == "pulumi":
        pytest.skip("the CLI passes it in the environment: at most 128 KB, which is what function files are for")
    harness.push("main-1")
    harness.configure(padding="x" * 400_000)
    harness.up()
    assert harness.deployed().startswith("main-1@")
    assert harness.stack.fcpin("drift").code == 0
