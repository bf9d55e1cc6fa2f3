"""The commands about a stack answer what their pages show."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from fcpin.drift import Kind
from fcpin.emulator import Emulator
from tests.pipelines.documents import text_of
from tests.support.command import run
from tests.support.deployed_stack import PATH, DeployedStack
from tests.support.examples import examples

DOCS = Path(__file__).parent.parent.parent / "docs"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_RUN = re.compile(r"(?<=p-83f96b6-)\d{13}|(?<=:83f96b6@sha256:)[0-9a-f]{64}")
_PASSING = re.compile(r"for (?:\d+[dhms])+ by now")


def three_functions(stack: DeployedStack) -> None:
    """One as deployed, one with a newer tag, one whose tag was moved."""
    stack.push("main", "one")
    stack.push("release-41")
    stack.push("main-11")
    stack.deploy("thumbnails", "main", policy={"digest": {"tag": "main"}})
    stack.deploy("orders", "release-41", policy={"family": {"name": "release"}})
    stack.deploy("checkout", "main-11")
    stack.push("release-42")
    stack.push("main", "two")


def three_uses(stack: DeployedStack) -> None:
    """A published version and a function by the tag, and another function by another tag of the same image."""
    stack.push("main-11")
    stack.cloud.retag(PATH, "stable", to="main-11")
    stack.push("main-12")
    stack.create("checkout", "main-11")
    stack.cloud.publish_version("checkout")
    stack.cloud.set_image("checkout", stack.image("main-12"))
    stack.cloud.publish_version("checkout")
    stack.cloud.create_alias("checkout", "live", "2", {"1": 0.1})
    stack.create("orders", "main-11")
    stack.create("thumbnails", "stable")


def a_bad_release(stack: DeployedStack) -> None:
    """One function that ran main-11, and runs main-12."""
    before = f"{stack.image('main-11')}@{stack.push('main-11')}"
    stack.push("main-12")
    stack.deploy("checkout", "main-12", before=before)
    stack.write_project()


def the_fix(stack: DeployedStack) -> None:
    """Pushed a week later."""
    stack.push("main-13")


def functions_of_other_tools(stack: DeployedStack) -> None:
    """One that is pinned, two that are not, one of another stack, and one with another name."""
    for tag in ("release-83f96b6", "v1.4.2", "latest"):
        stack.push(tag)
    stack.deploy("shop-checkout", "release-83f96b6")
    stack.create("shop-orders", "v1.4.2")
    stack.create("shop-photos", "latest")
    stack.create("thumbnails", "latest")
    owner = [{"Key": "fcpin:owner", "Value": "organization/search/prod::search"}]
    image = {"customContainerConfig": {"image": stack.image("v1.4.2")}}
    stack.client.create("shop-search", {"runtime": "custom-container", "handler": "h", "tags": owner, **image})
    stack.write_project()


def a_pipeline_from_a_web_page(stack: DeployedStack) -> None:
    (stack.folder / "pipeline.yaml").write_text(text_of("commit-and-deploy"))


def a_pipeline_written_by_hand(stack: DeployedStack) -> None:
    (shown,) = (each.output for each in examples(DOCS / "pipelines.md") if "render build.yaml" in each.command)
    (stack.folder / "build.yaml").write_text(shown.replace("83f96b6", "<% .git.shortCommitId %>"))


def a_pipeline_of_the_stack(stack: DeployedStack) -> None:
    url, host = stack.cloud.url, "registry.cn-hangzhou.aliyuncs.com"
    login = {"endpoint": url, "username": stack.cloud.username, "password": stack.cloud.password}
    stack.configure(
        endpoints={"fc": url, "cr": url, "devs": url},
        registries={host: login},
        pipelines={"app": {"image": f"{host}/{PATH}:{{commit}}", "dockerfile": "code/Dockerfile"}},
    )


def a_file_of_serverless_devs(stack: DeployedStack) -> None:
    (stack.folder / "s.yaml").write_text(text_of("s"))


PAGES: list[tuple[str, list[Callable[[DeployedStack], None]]]] = [
    ("drift.md", [three_functions]),
    ("impact.md", [three_uses]),
    ("import.md", [functions_of_other_tools]),
    (
        "pipelines.md",
        [a_pipeline_from_a_web_page, a_pipeline_written_by_hand, a_pipeline_of_the_stack, a_file_of_serverless_devs],
    ),
    ("rollback.md", [a_bad_release, the_fix]),
]
"""What happens before each example of a page."""


def timeless(text: str) -> str:
    """*text* without what differs from one day to another."""
    text = _RUN.sub("…", text)
    return _TIME.sub("…Z", _PASSING.sub("for … by now", text))


@pytest.mark.parametrize(("page", "happens"), PAGES, ids=[page for page, _ in PAGES])
def test_every_example_answers_as_shown(
    page: str,
    happens: list[Callable[[DeployedStack], None]],
    cloud: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stack = DeployedStack(tmp_path, cloud, "prod")
    monkeypatch.setenv("PATH", stack.path())
    monkeypatch.setenv("ENGINE", "pulumi")
    monkeypatch.chdir(tmp_path)
    for before, example in zip(happens, examples(DOCS / page), strict=True):
        before(stack)
        answer = run(shlex.split(example.command)[1:])
        shown = answer.err + answer.out if "pipeline run" in example.command else answer.out + answer.err
        assert timeless(shown) == timeless(example.output)
        stack.reload()


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_drift_has_a_row_with_its_exit_code(kind: Kind) -> None:
    assert f"| `{kind}` | {kind.exit_code} |" in (DOCS / "drift.md").read_text()
