"""The CI files for users: valid where they run, and about stacks and commands that exist."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.examples import Example, examples

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GITLAB = ROOT / "docs" / "ci" / "gitlab-ci.yml"
YUNXIAO = ROOT / "docs" / "ci" / "yunxiao-flow.yml"
PAGE = ROOT / "docs" / "ci.md"

SCHEMAS: list[tuple[str, list[Path], list[str]]] = [
    ("vendor.github-workflows", WORKFLOWS, []),
    ("vendor.github-actions", sorted((ROOT / ".github" / "actions").glob("*/action.yml")), []),
    ("vendor.gitlab-ci", [GITLAB], ["--data-transform", "gitlab-ci"]),
]


@pytest.mark.parametrize(("schema", "files", "flags"), SCHEMAS, ids=[row[0] for row in SCHEMAS])
def test_the_files_are_what_their_service_takes(schema: str, files: list[Path], flags: list[str]) -> None:
    assert files
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *flags, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not on PATH")
def test_the_workflows_pass_actionlint() -> None:
    done = subprocess.run(["actionlint"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", [*WORKFLOWS, GITLAB, YUNXIAO], ids=lambda file: file.name)
def test_the_stacks_they_name_exist(file: Path) -> None:
    text = file.read_text()
    named = [name for listed in re.findall(r"(?:stack|STACK): \[(.*?)\]", text) for name in listed.split(", ")]
    named += [name for words in re.findall(r"FCPIN_STACKS \|\| '(.*?)'", text) for name in words.split()]
    named += re.findall(r"--stack (\w+)", text)
    for name in named:
        assert (ROOT / "stacks" / f"Pulumi.{name}.yaml").exists()


def test_the_flow_of_yunxiao_has_a_step_in_every_job() -> None:
    stages = yaml.safe_load(YUNXIAO.read_text())["stages"]
    jobs = [job for stage in stages.values() for job in stage["jobs"].values()]
    assert all(step["step"] == "Command" and step["with"]["run"] for job in jobs for step in job["steps"].values())


def test_nothing_is_cloned_with_a_token_that_stays() -> None:
    for file in WORKFLOWS:
        steps = [step for job in yaml.safe_load(file.read_text())["jobs"].values() for step in job["steps"]]
        for step in steps:
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_every_policy_of_ram_on_the_page_is_json() -> None:
    policies = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(policies) == 3
    assert all(json.loads(policy)["Version"] == "1" for policy in policies)


@pytest.mark.parametrize("example", list(examples(PAGE)), ids=str)
def test_every_command_of_the_page_answers_what_it_says(example: Example) -> None:
    assert example.run(ROOT) == example.output
