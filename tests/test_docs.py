"""The documentation is true: what it names exists, what exists is named, and its examples print what they show."""

import re
from pathlib import Path

import pytest
import yaml

from fcpin.fc import runtime_config
from fcpin.image_pipeline import properties as image_pipeline
from fcpin.pinned_function.inputs import PinArgs
from fcpin.pinned_function.keys import CHOSEN, OUTPUTS, OWN_KEYS
from fcpin.policy.policy import KEYS
from tests.support.examples import Example, examples

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
STACKS = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
_BLOCK = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
_PREVIEW = re.compile(r"^ +[~+-] |^    (error|warning|info): ")
"""A line of what the embedded engine shows."""
CODE_FOLDERS = ("providers", "tests", "bench", "demo", "tools", "policy-pack")
PRODUCT = ROOT / "providers" / "fcpin"
_ROOM = re.compile(r"(?<![\w/<.{:…-])([a-z_]+(?:/[a-z_]+)*(?:/|\.py))(?![\w<…{])")
_FILE = re.compile(r"(?<![\w/.{}*\"'-])((?:[\w-]+/)*[\w-]+\.py)\b(?![\"'])")
_PAGE = re.compile(r"\b(?:docs/)?(adr/\d{4}(?:-[\w-]+)?|(?<=docs/)[\w/-]+\.md)")
_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def rows(page: str) -> list[str]:
    """First cells of every table row of a page in docs/."""
    lines = (ROOT / "docs" / page).read_text().splitlines()
    return [line.split(" | ")[0] for line in lines if line.startswith("| `")]


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
CODE = [file for folder in CODE_FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]
FOLDERS = [ROOT, PRODUCT, PRODUCT / "receiver"]
"""Those that the paths in texts are relative to."""


def exists(path: str) -> bool:
    """Whether *path*, a folder with its slash or the end of the path of a file, is there."""
    if path.endswith("/"):
        return any((folder / path).is_dir() for folder in FOLDERS)
    return any(f"/{file.relative_to(ROOT)}".endswith(f"/{path}") for file in CODE)


@pytest.mark.parametrize("page", [ROOT / "docs" / "architecture.md", *DECISIONS], ids=lambda page: page.stem)
def test_the_rooms_and_files_of_a_page_exist(page: Path) -> None:
    """In `…` and in drawings."""
    assert [path for path in _ROOM.findall(page.read_text()) if not exists(path)] == []


def test_the_files_and_pages_that_code_refers_to_exist() -> None:
    for file in CODE:
        text = file.read_text()
        paths = [path for path in _FILE.findall(text) if not exists(path)]
        pages = [page for page in _PAGE.findall(text) if not any((ROOT / "docs").glob(f"{page}*"))]
        assert not paths + pages, f"{file.relative_to(ROOT)} refers to {', '.join(paths + pages)}"


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_that_is_overtaken_names_the_one_that_overtakes_it_under_its_title(page: Path) -> None:
    title, _, status = page.read_text().splitlines()[:3]
    assert title.startswith(f"# {int(page.name[:4])}. ")
    for older in re.findall(r"^Supersedes \[\d+\]\((.+?)\)", page.read_text(), re.MULTILINE):
        overtaken = (page.parent / older).read_text().splitlines()[2]
        assert re.match(rf"Superseded (in part )?by \[\d+\]\({page.name}\)", overtaken), older
    if "Superseded" in page.read_text():
        assert status.startswith("Superseded")


@pytest.mark.parametrize("name", [*(key for key in OWN_KEYS if key != "owner"), *KEYS, *CHOSEN, *OUTPUTS])
def test_every_input_and_output_has_a_row(name: str) -> None:
    assert any(f"`{name}`" in row for row in rows("pinned-function.md"))


@pytest.mark.parametrize(
    "name", [name for name in (*image_pipeline.INPUTS, *image_pipeline.OUTPUTS) if name != "commit"]
)
def test_every_input_and_output_of_a_pipeline_has_a_row(name: str) -> None:
    assert any(f"`{name}`" in row for row in rows("pipelines.md"))


@pytest.mark.parametrize("name", [*runtime_config.FUNCTION, *runtime_config.CONTAINER])
def test_every_setting_of_config_has_a_row(name: str) -> None:
    assert any(f"`{name}`" in row for row in rows("pinned-function.md"))


def test_every_configuration_key_that_is_read_has_a_row() -> None:
    read = set(re.findall(r'"((?:fcpin|alicloud):\w+)"', (ROOT / "providers/fcpin/settings.py").read_text()))
    documented = {key for row in rows("configuration.md") for key in re.findall(r"`((?:fcpin|alicloud):\w+)`", row)}
    assert read <= documented
    assert {key for key in documented if key.startswith("fcpin:")} <= read | {
        "fcpin:functions",
        "fcpin:functionFiles",
        "fcpin:pipelines",
    }


@pytest.mark.parametrize("stack", STACKS, ids=[stack.stem for stack in STACKS])
def test_every_stack_is_valid_and_has_only_keys_that_are_read(stack: Path) -> None:
    config = yaml.safe_load(stack.read_text())["config"]
    known = {key for row in rows("configuration.md") for key in re.findall(r"`((?:fcpin|alicloud):\w+)`", row)}
    assert set(config) <= known
    for name, entry in config["fcpin:functions"].items():
        follow = entry["policy"].get("follow")
        if follow:  # what the program reads from the other stack
            assert (ROOT / "stacks" / f"Pulumi.{follow['stack']}.yaml").exists()
            follow["image"] = f"{entry['repository']}:main-1@sha256:{'0' * 64}"
        PinArgs.read({"function_name": name, **entry}, config["alicloud:region"])


@pytest.mark.parametrize("target", re.findall(r"^make (\w+)", README.read_text(), re.MULTILINE))
def test_every_make_target_of_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_lines_of_code_blocks_fit_120_columns(page: Path) -> None:
    """In the README all of them. Elsewhere a policy on a command line, an error and a table's row may be wider."""
    lines = (line for block in _BLOCK.findall(page.read_text()) for line in block.splitlines())
    wide = [line for line in lines if len(line) > 120]
    assert [line for line in wide if page == README or _PREVIEW.match(line)] == []


@pytest.mark.parametrize(
    "example",
    [one for one in examples(README) if "fcpin" in one.command and "fcpin engine" not in one.command],
    ids=str,
)
def test_every_fcpin_command_of_the_readme_prints_what_it_shows(example: Example) -> None:
    assert example.run(ROOT) == example.output
