"""Functions in files of their own, and configurations of any size, from the program to the state."""

import json

import pytest
import yaml

from tests.lifecycle.shop import FUNCTION, Shop


def split(shop: Shop, **settings: object) -> None:
    """`checkout` is in a file, `search` in another one, and nothing is in the stack's own."""
    folder = shop.stack.folder / "functions"
    folder.mkdir(exist_ok=True)
    for name, function in (("a", FUNCTION), ("b", "search")):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({function: shop.entry(function_name=function)}))
    shop.configure({}, functionFiles=["functions/*.yaml"], **settings)


def test_functions_of_files_are_deployed_shown_and_held_where_they_are_written(shop: Shop) -> None:
    shop.push("main-1")
    split(shop)
    shop.up()
    assert {resource["outputs"]["function_name"] for resource in shop.stack.resources()} == {FUNCTION, "search"}
    shop.push("main-2")
    shop.up()
    drift = json.loads(shop.stack.fcpin("drift", "--json").output)
    assert {row["function_name"]: row["drift"] for row in drift["functions"]} == {FUNCTION: "ok", "search": "ok"}
    held = shop.stack.fcpin("rollback", "search", "--until", "7d", "--reason", "loses orders")
    assert held.code == 0, held
    assert "--- functions/b.yaml" in held.output
    assert "hold" in yaml.safe_load((shop.stack.folder / "functions" / "b.yaml").read_text())["search"]
    shop.up()
    assert shop.deployed("search").startswith("main-1@")
    assert shop.deployed().startswith("main-2@")


def test_a_name_in_two_files_stops_everything_with_both_places(shop: Shop) -> None:
    shop.push("main-1")
    split(shop)
    (shop.stack.folder / "functions" / "c.yaml").write_text(yaml.safe_dump({"search": shop.entry()}))
    preview = shop.stack.preview()
    assert preview.code != 0
    assert "functions/c.yaml:1: search is in functions/b.yaml:1 as well; remove one of the two" in preview.output
    assert not preview.has_traceback
    command = shop.stack.fcpin("drift")
    assert "functions/c.yaml:1: search is in functions/b.yaml:1 as well" in command.output
    assert command.code == 2


def test_without_the_files_what_is_deployed_can_still_be_destroyed(shop: Shop) -> None:
    shop.push("main-1")
    split(shop)
    shop.up()
    for file in (shop.stack.folder / "functions").iterdir():
        file.unlink()
    assert shop.stack.destroy().code == 0
    assert shop.stack.resources() == []


def test_the_configuration_may_be_larger_than_an_argument_of_a_process(shop: Shop) -> None:
    if shop.stack.engine == "pulumi":
        pytest.skip("the CLI passes it in the environment: at most 128 KB, which is what function files are for")
    shop.push("main-1")
    shop.configure(padding="x" * 400_000)
    shop.up()
    assert shop.deployed().startswith("main-1@")
    assert shop.stack.fcpin("drift").code == 0
