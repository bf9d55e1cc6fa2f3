"""The CI files for users: valid where they run, and about stacks and commands that exist."""

import json
import re
import shutil
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.examples import Example, examples

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
GITLAB = ROOT / "docs" / "ci" / "gitlab-ci.yml"
YUNXIAO = sorted((ROOT / "docs" / "ci").glob("yunxiao-*.yml"))
PAGE = ROOT / "docs" / "ci.md"

SCHEMAS: list[tuple[str, list[Path], list[str]]] = [
    ("vendor.github-workflows", WORKFLOWS, []),
    ("vendor.github-actions", ACTIONS, []),
    ("vendor.gitlab-ci", [GITLAB], ["--data-transform", "gitlab-ci"]),
    ("vendor.dependabot", [ROOT / ".github" / "dependabot.yml"], []),
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


@pytest.mark.parametrize("file", [*WORKFLOWS, GITLAB, *YUNXIAO], ids=lambda file: file.name)
def test_the_stacks_they_name_exist(file: Path) -> None:
    text = file.read_text()
    named = [name for listed in re.findall(r"(?:stack|STACK): \[(.*?)\]", text) for name in listed.split(", ")]
    named += [name for words in re.findall(r"FCPIN_STACKS \|\| '(.*?)'", text) for name in words.split()]
    named += re.findall(r"(?:--stack |STACK: |^ +stack: )(\w+)", text, re.MULTILINE)
    for name in named:
        assert (ROOT / "stacks" / f"Pulumi.{name}.yaml").exists()


@pytest.mark.parametrize("file", YUNXIAO, ids=lambda file: file.stem)
def test_a_flow_of_yunxiao_has_a_step_in_every_job(file: Path) -> None:
    stages = yaml.safe_load(file.read_text())["stages"]
    jobs = [job for stage in stages.values() for job in stage["jobs"].values()]
    assert all(step["step"] == "Command" and step["with"]["run"] for job in jobs for step in job["steps"].values())


def steps_of(file: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(file.read_text())["jobs"].values()
    return [step for job in jobs for step in job.get("steps", ())]


def test_nothing_is_cloned_with_a_token_that_stays() -> None:
    for step in chain.from_iterable(map(steps_of, WORKFLOWS)):
        if "checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=lambda file: file.stem)
def test_actions_of_others_are_named_by_commit_and_version(file: Path) -> None:
    for used in re.findall(r"uses: (.*)", file.read_text().partition("\nname:")[2] or file.read_text()):
        assert used.startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


REQUIREMENTS = sorted(ROOT.glob("requirements*.txt"))
TOOLS = [ROOT / "tools" / "setup", ROOT / "tools" / "release"]
INSTALLING = [*WORKFLOWS, *ACTIONS, GITLAB, *YUNXIAO, *TOOLS, ROOT / "Containerfile"]


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.stem)
def test_every_requirement_is_one_version_with_its_hashes(file: Path) -> None:
    """And nothing else is in the file, so that any installer takes it: a project in editable form has no hash."""
    text = re.sub(r"^(#.*|-r requirements\.txt)\n", "", file.read_text(), flags=re.MULTILINE).replace("\\\n", "")
    assert text
    for line in text.splitlines():
        assert re.fullmatch(r"[a-z0-9-]+==\S+( ; [^-]+?)?( +--hash=sha256:[0-9a-f]{64})+", line), line


@pytest.mark.parametrize("file", INSTALLING, ids=lambda file: file.name)
def test_requirements_are_installed_by_their_hashes(file: Path) -> None:
    """And the project without its dependencies, by the build tools that are installed."""
    text = file.read_text()
    for line in text.splitlines():
        if re.search(r"(-r|--requirement) requirements", line):
            assert "--require-hashes" in line
        elif re.search(r"install.* (-e|--editable) \.", line):
            assert "--no-deps --no-build-isolation" in line
    assert text.count("requirements.txt") == 0 or re.search(r"(-e|--editable) \.", text)


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=lambda file: file.stem)
def test_no_script_has_an_expression_in_it(file: Path) -> None:
    """The name of a branch or an image would be run as a program."""
    document = yaml.safe_load(file.read_text())
    steps = steps_of(file) if "jobs" in document else document["runs"]["steps"]
    assert not [step["run"] for step in steps if "${{" in step.get("run", "")]


@pytest.mark.parametrize("file", [file for file in WORKFLOWS if file.stem != "check"], ids=lambda file: file.stem)
def test_rights_are_given_job_by_job(file: Path) -> None:
    document = yaml.safe_load(file.read_text())
    assert document["permissions"] == {}
    assert all(job["permissions"].get("contents") == "read" for job in document["jobs"].values())


def test_a_stack_that_follows_is_planned_when_the_other_has_been_deployed() -> None:
    deploy = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text())["jobs"]
    gitlab = yaml.safe_load(GITLAB.read_text())
    for name in deploy:
        config = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{name}.yaml").read_text())["config"]
        policies = [entry["policy"] for entry in config["fcpin:functions"].values()]
        for followed in [policy["follow"]["stack"] for policy in policies if "follow" in policy]:
            assert followed in (deploy[name]["needs"], *deploy[name]["needs"])
            assert f"deploy {followed}" in [need["job"] for need in gitlab[f"plan {name}"]["needs"]]


def policies() -> list[dict[str, Any]]:
    """Those of RAM on the page, in their order."""
    return [json.loads(policy) for policy in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)]


def actions(policy: dict[str, Any]) -> set[str]:
    listed = [statement["Action"] for statement in policy["Statement"]]
    return {action for entry in listed for action in ([entry] if isinstance(entry, str) else entry)}


def test_the_policies_of_ram_grant_what_fcpin_calls_and_nothing_else() -> None:
    trust, _build, reading, deploying, protecting = policies()
    assert all(policy["Version"] == "1" for policy in policies())
    assert actions(trust) == {"sts:AssumeRoleWithOIDC"}
    other_name = {"cr:ListRepoTag"}
    assert actions(reading) - other_name == {"fc:GetFunction", *rights("preview, with ACR Enterprise")}
    assert actions(deploying) == rights("up, owned") | rights("up, adopted") - {"fc:GetFunction"}
    everywhere = {"fc:GetFunction"}
    assert everywhere <= actions(protecting)
    assert actions(protecting) - everywhere == (rights("up, with") | rights("[`fcpin prune`]")) - actions(reading)


def rights(work: str) -> set[str]:
    """The rights that docs/configuration.md lists for *work*."""
    table = (ROOT / "docs" / "configuration.md").read_text()
    (row,) = re.findall(rf"^\| {re.escape(work)}.*?\|(.*)\|$", table, re.MULTILINE)
    return set(re.findall(r"`(\w+:\w+)`", row))


@pytest.mark.parametrize("example", list(examples(PAGE)), ids=str)
def test_every_command_of_the_page_prints_what_it_shows(example: Example) -> None:
    assert example.run(ROOT) == example.output
