"""A release: the version and the changelog's section of it, and a tag that names both."""

import shutil
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

import fcpin

ROOT = Path(__file__).parent.parent
FIRST = "# Changes\n\n## Unreleased\n\n### Added\n\n- One.\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The files that a release changes, and the script."""
    for name in ("tools/version.py", "providers/fcpin/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "CHANGELOG.md").write_text(FIRST)
    return tmp_path


def version(tree: Path, *words: str) -> tuple[int, str]:
    """Exit status and standard error."""
    command = [sys.executable, "tools/version.py", *words]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def test_two_releases(tree: Path) -> None:
    today = datetime.now(UTC).date().isoformat()
    for number, change in (("0.2.0", "Two"), ("0.3.0rc1", "Three")):
        assert version(tree, number) == (0, "")
        assert f'\n__version__ = "{number}"\n' in (tree / "providers/fcpin/__init__.py").read_text()
        assert version(tree, "--tag", f"v{number}") == (0, "")
        text = (tree / "CHANGELOG.md").read_text()
        (tree / "CHANGELOG.md").write_text(text.replace("## Unreleased\n", f"## Unreleased\n\n- {change}.\n", 1))
    assert (tree / "CHANGELOG.md").read_text() == (
        "# Changes\n\n## Unreleased\n\n- Three.\n\n"
        f"## 0.3.0rc1 - {today}\n\n- Two.\n\n"
        f"## 0.2.0 - {today}\n\n### Added\n\n- One.\n"
    )


REFUSED = [
    ("no version", FIRST, ["next"], "expected MAJOR.MINOR.PATCH, got 'next'"),
    ("an empty version", FIRST, [""], "expected MAJOR.MINOR.PATCH, got ''"),
    ("released already", f"{FIRST}\n## 0.1.0 - 2026-12-01\n", ["0.1.0"], "0.1.0 was released already"),
    (
        "nothing has changed",
        "# Changes\n\n## Unreleased\n\n## 0.1.0 - 2026-12-01\n\n- One.\n",
        ["0.2.0"],
        "nothing under",
    ),
    ("no changelog", "# Changes\n", ["0.2.0"], "nothing under"),
    ("another tag", FIRST, ["--tag", "v9.9.9"], f"is not v{fcpin.__version__}"),
    ("a tag without v", FIRST, ["--tag", fcpin.__version__], f"is not v{fcpin.__version__}"),
    ("a tag without a section", FIRST, ["--tag", f"v{fcpin.__version__}"], "has no section"),
]


@pytest.mark.parametrize(("label", "changelog", "words", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_an_error_changes_nothing(tree: Path, label: str, changelog: str, words: list[str], message: str) -> None:
    (tree / "CHANGELOG.md").write_text(changelog)
    status, error = version(tree, *words)
    assert (status, error.count("\n")) == (1, 1), error
    assert message in error
    assert (tree / "CHANGELOG.md").read_text() == changelog
    assert (tree / "providers/fcpin/__init__.py").read_text() == (ROOT / "providers/fcpin/__init__.py").read_text()


def test_the_version_is_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "fcpin.__version__"}


def test_only_what_was_checked_is_published() -> None:
    """The job that PyPI trusts runs no code of this repository and publishes the files of the job that checked them."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    build, publish = workflow["jobs"]["build"], workflow["jobs"]["publish"]
    commands = [step["run"] for step in build["steps"] if "run" in step]
    assert commands.index('tools/version.py --tag "$GITHUB_REF_NAME"') < commands.index("make release")
    assert "make check" in commands
    assert "id-token" not in build["permissions"]
    assert publish["needs"] == "build"
    assert publish["environment"]["name"] == "pypi"
    assert publish["permissions"]["id-token"] == "write"
    used = [step["uses"].partition("@")[0] for step in publish["steps"]]
    assert used == ["actions/download-artifact", "pypa/gh-action-pypi-publish"]
