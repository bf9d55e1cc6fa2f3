"""`fcpin import`: functions are adopted as they run; what is adopted is in tests/serverless_devs."""

import difflib
import json
from typing import Any

import pytest
import yaml

from fcpin.pinned_function.inputs import PinArgs
from fcpin.pinned_function.plan import OWNER_TAG
from tests.support.command import run
from tests.support.deployed_stack import REGION, DeployedStack


@pytest.fixture
def region(key: None, stack: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> DeployedStack:
    """A region with functions of other tools, and a stack that has none of them; credentials in the environment."""
    stack.write_project()
    for name in ("PULUMI_STACK", "ALICLOUD_REGION"):
        monkeypatch.delenv(name, raising=False)
    for tag in ("release-83f96b6", "1.4.2", "latest"):
        stack.push(tag)
    return stack


def printed(stack: DeployedStack, *arguments: str) -> Any:
    """Standard output, read as YAML; None for nothing."""
    answer = run(["import", "--region", REGION, "--fc-endpoint", stack.cloud.url, *arguments])
    assert answer.code == 0, answer
    return yaml.safe_load(answer.out)


def test_without_a_stack_a_whole_file_is_printed(region: DeployedStack) -> None:
    region.create("shop-checkout", "release-83f96b6")
    region.create("shop-orders", "1.4.2")
    region.create("other", "latest")
    config = printed(region, "--prefix", "shop-")["config"]
    assert config["alicloud:region"] == REGION
    assert config["fcpin:functions"] == {
        "shop-checkout": {
            "function_name": "shop-checkout",
            "repository": region.repository,
            "policy": {"family": {"name": "release"}},
            "filter_tags": {"pattern": "^release-[0-9a-f]{7}$"},
        },
        "shop-orders": {
            "function_name": "shop-orders",
            "repository": region.repository,
            "policy": {"semver": {"range": "1.x"}},
        },
    }
    for entry in config["fcpin:functions"].values():
        PinArgs.read(entry, REGION)


def test_a_stack_gets_new_entries_and_nothing_else(region: DeployedStack) -> None:
    region.deploy("orders", "1.4.2")
    region.create("checkout", "release-83f96b6")
    before = region.write_project()
    answer = region.fcpin("import")
    assert answer.code == 0, answer
    changed = [
        line for line in difflib.ndiff(before.splitlines(), region.file.read_text().splitlines()) if line[0] in "+-"
    ]
    assert [line[0] for line in changed] == ["+"] * 10
    assert [line for line in answer.out.splitlines() if line.startswith("+ ")] == ["+" + line[2:] for line in changed]
    assert "next: pulumi preview --stack test" in answer.out


def test_what_is_pinned_already_stays_and_is_reported(region: DeployedStack) -> None:
    region.deploy("pinned", "release-83f96b6")
    region.deploy("of-the-program", "release-83f96b6")
    del region.functions["of-the-program"]
    for name in ("till", "partner"):
        region.create(name, "release-83f96b6")
    region.functions["checkout"] = {"function_name": "till", "repository": region.repository, "policy": {}}
    other = {"function_name": "partner", "profile": "partner", "repository": region.repository, "policy": {}}
    region.functions["other"] = other
    region.configure()
    before = region.write_project()
    answer = region.fcpin("import", "--prefix", "x-")
    assert (answer.code, answer.out) == (0, f"no functions whose names begin with x- to import from {REGION}\n")
    assert region.file.read_text() == before
    answer = region.fcpin("import")
    assert answer.code == 0, answer
    assert "left out: pinned is there already, as pinned" in answer.out
    assert "left out: till is there already, as checkout" in answer.out
    assert "left out: of-the-program is pinned by of-the-program of this stack already" in answer.out
    functions = yaml.safe_load(region.file.read_text())["config"]["fcpin:functions"]
    assert {*functions} - {*region.functions} == {"partner"}, "the function of that name in this account is another one"


def test_what_cannot_be_adopted_is_named(region: DeployedStack) -> None:
    body = {"runtime": "custom-container", "handler": "h", "tags": [{"Key": OWNER_TAG, "Value": "prod::checkout"}]}
    region.client.create("checkout", {**body, "customContainerConfig": {"image": region.image("latest")}})
    answer = run(["import", "--region", REGION, "--fc-endpoint", region.cloud.url])
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.splitlines() == [
        "left out: checkout was created by prod::checkout, whose `destroy` deletes it",
        f"no functions to import from {REGION}",
    ]


def test_what_cannot_be_listed_changes_nothing(region: DeployedStack) -> None:
    before = region.file.read_text()
    region.cloud.fail_next("ListFunctions", status=403, code="AccessDenied", message="not authorized")
    answer = region.fcpin("import")
    assert (answer.code, answer.out) == (1, "")
    assert "ListFunctions" in answer.err
    assert region.file.read_text() == before


MISTAKES = [
    ("no region at all", ["import"], "--region: is required"),
    ("an invalid region", ["import", "--region", "Hangzhou"], "--region: expected a region such as cn-hangzhou"),
    ("an invalid endpoint", ["import", "--region", "cn-hangzhou", "--fc-endpoint", "ftp://x"], "--fc-endpoint: "),
    (
        "an endpoint with a stack",
        ["import", "--stack", "x", "--fc-endpoint", "http://x"],
        "remove this option or --stack",
    ),
]


@pytest.mark.parametrize(("arguments", "text"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_a_mistake_is_named(arguments: list[str], text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALICLOUD_REGION", raising=False)
    answer = run(arguments)
    assert answer.code == 2
    assert text in answer.err


def test_where_all_functions_are_in_files_new_ones_go_into_the_last_file(region: DeployedStack) -> None:
    region.create("checkout", "release-83f96b6")
    folder = region.folder / "functions"
    folder.mkdir()
    (folder / "a.yaml").write_text("# the first\n")
    (folder / "b.yaml").write_text("# the last\n")
    before = region.write_project()
    region.configure(functionFiles=["functions/*.yaml"])
    config = region.folder / "config.json"
    config.write_text(json.dumps({k: v for k, v in json.loads(config.read_text()).items() if k != "fcpin:functions"}))
    answer = region.fcpin("import")
    assert answer.code == 0, answer
    assert "--- " in answer.out
    assert list(yaml.safe_load((folder / "b.yaml").read_text())) == ["checkout"]
    assert (folder / "a.yaml").read_text() == "# the first\n"
    assert region.file.read_text() == before
    assert "is there already, as checkout" in region.fcpin("import").out
