"""What a stack's life calls is what docs/ci.md has rights for: less would fail in CI, more would be too much."""

import json
import re
from pathlib import Path

import pytest

from fcpin import call_statistics
from tests.lifecycle.stack_harness import FUNCTION, StackHarness

PAGE = Path(__file__).parent.parent.parent / "docs" / "ci.md"
ACTIONS = {
    "ListRepoTag": "cr:ListRepositoryTag",
    "GetRepoTag": "cr:GetRepositoryTag",
    "DeleteRepoTag": "cr:DeleteRepositoryTag",
    "GET manifests": "cr:PullRepository",
    "GET blobs": "cr:PullRepository",
}
"""Where RAM has another word than the API."""
LOGIN = "GET other"
"""A token needs no right."""
OTHER_NAMES = {"cr:ListRepoTag", "cr:GetRepoTag"}


def granted() -> list[set[str]]:
    """By the policies for reading, deploying and protecting."""
    policies = [json.loads(policy) for policy in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)][2:]
    return [set(re.findall(r'"((?:fc|cr):\w+)"', json.dumps(policy))) - OTHER_NAMES for policy in policies]


def test_the_three_names_of_getrepotag_are_allowed_on_its_two_resources() -> None:
    """Which of both RAM compares with depends on the document that is read."""
    for policy in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL):
        for statement in json.loads(policy)["Statement"]:
            if "cr:GetRepositoryTag" in statement["Action"]:
                assert {"cr:ListRepositoryTag", "cr:GetRepoTag"} <= set(statement["Action"])
                instance, repositories = statement["Resource"]
                assert instance.endswith(":repository/cri-0123456789abcdef")
                assert repositories == f"{instance}/shop/*"
                return
    raise AssertionError("no policy allows cr:GetRepositoryTag")


@pytest.fixture
def engine() -> str:
    """Test_parity holds that the provider calls the same on the other one."""
    return "embedded"


@pytest.fixture
def folder(harness: StackHarness, tmp_path: Path) -> Path:
    folder = tmp_path / "tally"
    folder.mkdir()
    harness.stack.environment[call_statistics.FOLDER] = str(folder)
    return folder


def called(folder: Path) -> set[str]:
    """Actions of RAM, of everything that was called until now."""
    services = {"registry": "cr"}
    return {
        ACTIONS.get(call.operation, f"{services.get(call.service, call.service)}:{call.operation}")
        for call in call_statistics.collect(folder)
        if call.operation != LOGIN
    }


def test_a_stack_calls_what_the_policies_of_ci_allow(harness: StackHarness, folder: Path) -> None:
    reading, deploying, protecting = granted()
    harness.push("main-1")
    harness.up()
    harness.push("main-2")
    before = called(folder)
    for file in folder.iterdir():
        file.unlink()
    harness.preview("--refresh")
    assert harness.stack.fcpin("drift").code == 10
    seen = called(folder)
    assert seen == reading
    harness.up()
    harness.configure({FUNCTION: harness.entry(protect="pin_tag")})
    harness.up()
    assert harness.stack.destroy().code == 0
    every = before | seen | called(folder)
    assert reading | deploying <= every <= reading | deploying | protecting
    assert every & protecting
