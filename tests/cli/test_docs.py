"""The commands about a stack answer what their pages show."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from fcpin.drift import Kind
from fcpin.emulator import Emulator
from tests.pipelines.documents import text_of
from tests.support.examples import examples
from tests.support.told_stack import PATH, ToldStack, run

DOCS = Path(__file__).parent.parent.parent / "docs"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_RUN = re.compile(r"(?<=p-83f96b6-)\d{13}|(?<=:83f96b6@sha256:)[0-9a-f]{64}")
_PASSING = re.compile(r"for (?:\d+[dhms])+ by now")


def three_functions(told: ToldStack) -> None:
    """One as deployed, one with a newer tag, one whose tag was moved."""
    told.push("main", "one")
    told.push("release-41")
    told.push("main-11")
    told.deploy("thumbnails", "main", policy={"digest": {"tag": "main"}})
    told.deploy("orders", "release-41", policy={"family": {"name": "release"}})
    told.deploy("checkout", "main-11")
    told.push("release-42")
    told.push("main", "two")


def three_uses(told: ToldStack) -> None:
    """A published version and a function by the tag, and another function by another tag of the same image."""
    told.push("main-11")
    told.cloud.retag(PATH, "stable", to="main-11")
    told.push("main-12")
    told.create("checkout", "main-11")
    told.cloud.publish_version("checkout")
    told.cloud.set_image("checkout", told.image("main-12"))
    told.cloud.publish_version("checkout")
    told.cloud.create_alias("checkout", "live", "2", {"1": 0.1})
    told.create("orders", "main-11")
    told.create("thumbnails", "stable")


def a_bad_release(told: ToldStack) -> None:
    """One function that ran main-11, and runs main-12."""
    before = f"{told.image('main-11')}@{told.push('main-11')}"
    told.push("main-12")
    told.deploy("checkout", "main-12", before=before)
    told.write_project()


def the_fix(told: ToldStack) -> None:
    """Pushed a week later."""
    told.push("main-13")


def functions_of_other_tools(told: ToldStack) -> None:
    """One pinned already, two that nobody pins, one of another stack, and one with another name."""
    for tag in ("release-83f96b6", "v1.4.2", "latest"):
        told.push(tag)
    told.deploy("shop-checkout", "release-83f96b6")
    told.create("shop-orders", "v1.4.2")
    told.create("shop-photos", "latest")
    told.create("thumbnails", "latest")
    owner = [{"Key": "fcpin:owner", "Value": "organization/search/prod::search"}]
    image = {"customContainerConfig": {"image": told.image("v1.4.2")}}
    told.client.create("shop-search", {"runtime": "custom-container", "handler": "h", "tags": owner, **image})
    told.write_project()


def a_pipeline_from_a_web_page(told: ToldStack) -> None:
    (told.folder / "pipeline.yaml").write_text(text_of("commit-and-deploy"))


def a_pipeline_written_by_hand(told: ToldStack) -> None:
    (shown,) = (each.output for each in examples(DOCS / "pipelines.md") if "render build.yaml" in each.command)
    (told.folder / "build.yaml").write_text(shown.replace("83f96b6", "<% .git.shortCommitId %>"))


def a_pipeline_of_the_stack(told: ToldStack) -> None:
    url, host = told.cloud.url, "registry.cn-hangzhou.aliyuncs.com"
    login = {"endpoint": url, "username": told.cloud.username, "password": told.cloud.password}
    told.tell(
        endpoints={"fc": url, "cr": url, "devs": url},
        registries={host: login},
        pipelines={"app": {"image": f"{host}/{PATH}:{{commit}}", "dockerfile": "code/Dockerfile"}},
    )


def a_file_of_serverless_devs(told: ToldStack) -> None:
    (told.folder / "s.yaml").write_text(text_of("s"))


PAGES: list[tuple[str, list[Callable[[ToldStack], None]]]] = [
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
def test_every_example_answers_what_it_says(
    page: str,
    happens: list[Callable[[ToldStack], None]],
    cloud: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = ToldStack(tmp_path, cloud, "prod")
    monkeypatch.setenv("PATH", told.path())
    monkeypatch.setenv("ENGINE", "pulumi")
    monkeypatch.chdir(tmp_path)
    for before, example in zip(happens, examples(DOCS / page), strict=True):
        before(told)
        answer = run(shlex.split(example.command)[1:])
        told_of = answer.err + answer.out if "pipeline run" in example.command else answer.out + answer.err
        assert timeless(told_of) == timeless(example.output)
        told.reload()


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_drift_has_a_row_with_its_exit_code(kind: Kind) -> None:
    assert f"| `{kind}` | {kind.exit_code} |" in (DOCS / "drift.md").read_text()
