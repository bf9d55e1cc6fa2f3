"""The scripts in the GitHub workflows, run as on a runner, with fake programs on PATH."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = ROOT / ".github" / "workflows"
PREVIEW = (ROOT / "docs" / "ci" / "preview.json").read_text()
NOTHING = json.dumps({"steps": [{"op": "same", "urn": "urn:pulumi:dev::shop::a:b:C::d"}, {"op": "read"}]})

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not on PATH")


@dataclass
class Runner:
    """A folder for one job, and the programs that its steps find."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "bin").mkdir()
        self.program("fcpin", f'test "$1" = drift && echo "FUNCTION" || exec "{sys.executable}" -m fcpin "$@"')
        self.program("gh", "true")

    def program(self, name: str, script: str) -> None:
        """A program that records its arguments and runs *script*."""
        file = self.folder / "bin" / name
        file.write_text(f'#!/bin/sh\necho "$*" >>"{self.folder}/{name}.calls"\n{script}\n')
        file.chmod(0o755)

    def pulumi(self, status: int, preview: str) -> None:
        (self.folder / "recorded.json").write_text(preview)
        self.program("pulumi", f'cat "{self.folder}/recorded.json"; exit {status}')

    def calls(self, program: str) -> list[str]:
        file = self.folder / f"{program}.calls"
        return file.read_text().splitlines() if file.exists() else []

    def step(self, workflow: str, name: str, **environment: str) -> int:
        """Run the step *name* of a workflow; its exit status."""
        jobs = yaml.safe_load((WORKFLOWS / f"{workflow}.yml").read_text())["jobs"].values()
        (script,) = [step["run"] for job in jobs for step in job.get("steps", ()) if step.get("name") == name]
        files = {name: str(self.folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-c", script],
            cwd=self.folder,
            env={**os.environ, **files, "PATH": path, "STACK": "dev", **self.environment, **environment},
            capture_output=True,
            timeout=60,
            check=False,
        )
        return done.returncode

    def outputs(self) -> Mapping[str, str]:
        file = self.folder / "GITHUB_OUTPUT"
        return dict(line.split("=", 1) for line in file.read_text().splitlines()) if file.exists() else {}


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


@pytest.mark.parametrize(
    ("event", "preview", "wanted"),
    [
        ("repository_dispatch", PREVIEW, {"wanted": "true"}),
        ("repository_dispatch", NOTHING, {}),
        ("push", NOTHING, {"wanted": "true"}),
    ],
)
def test_a_pushed_image_that_changes_nothing_needs_no_approval(
    runner: Runner, event: str, preview: str, wanted: dict[str, str]
) -> None:
    runner.pulumi(0, preview)
    assert runner.step("deploy-stack", "Plan", GITHUB_EVENT_NAME=event) == 0
    assert runner.calls("pulumi") == ["preview --stack dev --save-plan plan.json --json"]
    assert runner.outputs() == wanted


def test_a_plan_that_failed_is_a_failure(runner: Runner) -> None:
    runner.pulumi(255, json.dumps({"steps": [], "diagnostics": [{"severity": "error", "message": "no"}]}))
    assert runner.step("deploy-stack", "Plan", GITHUB_EVENT_NAME="push") == 1


def test_drift_is_an_issue_until_it_is_over(runner: Runner) -> None:
    runner.pulumi(7, PREVIEW)
    assert runner.step("drift", "Compare") == 0
    assert runner.outputs() == {"status": "7"}
    assert runner.calls("fcpin")[-1] == "drift --stack dev"
    assert runner.step("drift", "Open, update or close the issue", STATUS="7") == 0
    assert runner.calls("gh")[-1] == "issue create --title Drift in dev --body-file body.md"
    assert "main-12@bbbbbbbbbbbb" in (runner.folder / "body.md").read_text()
    issues = [{"number": 3, "title": "Drift in dev-2"}, {"number": 4, "title": "Drift in dev"}]
    runner.program(
        "gh", f"""test "$2" != list || echo '{json.dumps(issues)}' | jq -r "$(eval echo \\"\\${{$#}}\\")" """
    )
    assert runner.step("drift", "Open, update or close the issue", STATUS="7") == 0
    assert runner.calls("gh")[-1] == "issue edit 4 --body-file body.md"
    assert runner.step("drift", "Open, update or close the issue", STATUS="0") == 0
    assert runner.calls("gh")[-1] == "issue close 4 --comment No drift any more."


def test_a_failed_comparison_is_not_drift(runner: Runner) -> None:
    runner.pulumi(255, "{}")
    assert runner.step("drift", "Compare") == 255
    assert runner.outputs() == {}


def test_every_stack_is_previewed_even_after_one_that_failed(runner: Runner) -> None:
    runner.pulumi(255, PREVIEW)
    assert runner.step("preview", "Preview every stack", STACKS="dev prod") == 1
    assert runner.calls("pulumi") == ["preview --stack dev --json", "preview --stack prod --json"]
    assert (runner.folder / "changes.md").read_text().count("1 to create, 1 to update") == 2


def test_a_pull_request_has_one_comment(runner: Runner) -> None:
    where = {"GH_REPO": "acme/functions", "NUMBER": "5"}
    (runner.folder / "changes.md").write_text("### `dev`: 1 to update\n" + "x" * 70000)
    assert runner.step("preview", "Comment", **where) == 0
    assert runner.calls("gh")[-1] == "pr comment 5 --body-file comment.md"
    comment = (runner.folder / "comment.md").read_text()
    assert len(comment) <= 65536
    bot = {"login": "github-actions[bot]"}
    comments = [{"id": 7, "user": bot, "body": "coverage"}, {"id": 8, "user": bot, "body": comment}]
    (runner.folder / "comments.json").write_text(json.dumps(comments))
    runner.program("gh", """test "$2" != --paginate || jq "$(eval echo '"${'$#'}"')" comments.json""")
    assert runner.step("preview", "Comment", **where) == 0
    assert "issues/comments/8" in runner.calls("gh")[-1]
