"""fcpin pipeline: findings with their lines, rendered documents, and exit statuses."""

from pathlib import Path

import pytest
import yaml

from fcpin.pipelines.checks import check
from tests.pipelines.documents import DATA, mended, text_of
from tests.pipelines.test_spec import PERSONAL, RUNNER, WARM
from tests.support.command import Answer, run
from tests.support.deployed_stack import DeployedStack

COMMIT = "83f96b6c0ffee0123456789abcdef0123456789a"


@pytest.fixture
def stack(stack: DeployedStack) -> DeployedStack:
    """A stack with two pipelines."""
    stack.configure(pipelines={"app": {"image": PERSONAL, "runner": RUNNER, "warm": WARM}, "base": {"image": PERSONAL}})
    return stack


def pipeline(*arguments: object) -> Answer:
    return run(["pipeline", *map(str, arguments)])


def test_a_slip_is_reported_with_its_line_and_what_to_do() -> None:
    file = DATA / "commit-and-deploy.yaml"
    answer = pipeline("validate", file)
    assert (answer.code, answer.err) == (2, "")
    assert answer.out.splitlines() == [
        f"{file}:27: error: begins with a tab; YAML allows spaces only: replace it",
        f"{file}:41: error: spec.templateSpec.tasks[1].runAfters[0].name: the task build-push does not exist; write build-image",
        f"{file}: 2 errors",
    ]


def test_warnings_are_no_reason_to_fail_and_the_worst_of_several_files_counts(tmp_path: Path) -> None:
    right = tmp_path / "right.yaml"
    right.write_text(mended())
    assert pipeline("validate", right).out == f"{right}: valid\n"
    warned = pipeline("validate", DATA / "enterprise.yaml")
    assert (warned.code, warned.out.splitlines()[-1]) == (0, f"{DATA / 'enterprise.yaml'}: 4 warnings")
    assert pipeline("validate", right, DATA / "commit-and-deploy.yaml").code == 2


def test_a_rendered_file_has_its_values_and_its_comments(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(mended())
    answer = pipeline("render", file, "--commit", COMMIT, "--app-name", "shop", "--env-name", "prod")
    assert (answer.code, answer.err) == (0, "")
    tree = yaml.safe_load(answer.out)
    assert tree["spec"]["context"]["data"]["appName"] == "shop"
    assert tree["name"].startswith("p-83f96b6-")
    assert "# build and deploy" in answer.out
    answer = pipeline("render", file, "--commit", COMMIT)
    assert answer.code == 2
    assert "spec.context.data.appName: <% .appName %> has no value; give --app-name" in answer.err


@pytest.mark.parametrize(
    ("what", "arguments", "text"),
    [
        ("a file that is wrong", ["render", DATA / "commit-and-deploy.yaml"], "commit-and-deploy.yaml:41"),
        ("no file", ["validate", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
        ("nothing to read", ["validate"], "--stack"),
        ("a name for a file", ["render", DATA / "enterprise.yaml", "--name", "x"], "--name"),
        ("a commit that is none", ["render", DATA / "enterprise.yaml", "--commit", "main"], "--commit"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_done_is_one_line(what: str, arguments: list[object], text: str) -> None:
    answer = pipeline(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert text in answer.err


def test_a_stacks_pipelines_become_documents_for_every_commit(stack: DeployedStack) -> None:
    answer = stack.fcpin("pipeline", "render")
    assert (answer.code, answer.err) == (0, "")
    app, base = yaml.safe_load_all(answer.out)
    assert app["name"] == "p-<% .git.shortCommitId %>-<% .currentTimestampMs %>"
    assert check(app).findings == check(base).findings == ()


def test_at_a_commit_one_pipeline_becomes_the_document_that_is_submitted(stack: DeployedStack) -> None:
    answer = stack.fcpin("pipeline", "render", "--name", "base", "--commit", COMMIT)
    tree = yaml.safe_load(answer.out)
    build = tree["spec"]["templateSpec"]["tasks"][0]["context"]["data"]["build"]
    assert build["image"] == "registry-vpc.cn-hangzhou.aliyuncs.com/shop/app:83f96b6"
    assert tree["spec"]["context"]["data"]["webhookCodeContext"]["commitID"] == COMMIT
    answer = stack.fcpin("pipeline", "render", "--name", "apps")
    assert (answer.code, answer.err) == (2, "fcpin pipeline: --name: apps: unknown pipeline; did you mean app?\n")


BUILDAH = {"image": PERSONAL, "builder": "buildah"}
OF_A_STACK: list[tuple[str, dict[str, object], str, int, str]] = [
    # label, fcpin:pipelines, command, exit status, a part of the output
    ("valid", {"app": {"image": PERSONAL}, "base": {"image": PERSONAL}}, "validate", 0, "fcpin:pipelines: valid: app, base\n"),
    ("with its own path", {"app": {"image": PERSONAL, "cache_dir": "/mnt/c"}}, "validate", 2, "fcpin:pipelines.app.cache_dir: the default environment has no NAS"),
    ("buildah", {"app": BUILDAH}, "validate", 0, "fcpin:pipelines: valid: app\n"),
    ("buildah, which has no document", {"app": BUILDAH}, "render", 2, "fcpin:pipelines.app.builder: is built on this machine by buildah"),
    ("none", {}, "validate", 2, "fcpin:pipelines: is not set"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("pipelines", "command", "code", "text"), [row[1:] for row in OF_A_STACK], ids=[row[0] for row in OF_A_STACK]
)
def test_pipelines_of_a_stack(
    pipelines: dict[str, object], command: str, code: int, text: str, stack: DeployedStack
) -> None:
    stack.configure(**({"pipelines": pipelines} if pipelines else {}))
    answer = stack.fcpin("pipeline", command)
    assert answer.code == code
    assert text in (answer.err if code else answer.out)


def test_the_bare_list_of_tasks_is_rendered_as_it_is() -> None:
    answer = pipeline("render", DATA / "warm-then-build.yaml")
    assert yaml.safe_load(answer.out) == yaml.safe_load(text_of("warm-then-build"))
