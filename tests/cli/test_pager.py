"""What is long goes through the pager, in a terminal and nowhere else."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from fcpin.cli.pager import paged
from tests.support.terminal import Terminal

TAGS = "".join(f"main-{number}\n" for number in range(2000))


def explain(folder: Path, pager: str, *options: str) -> Terminal:
    """`fcpin explain` at a terminal, of 2,000 tags in a file."""
    (folder / "tags").write_text(TAGS)
    command = (
        f'"{sys.executable}" -m fcpin explain {" ".join(options)} --policy \'{{"family": {{"name": "main"}}}}\' < tags'
    )
    return Terminal(["sh", "-c", command], folder, {**os.environ, "PAGER": pager, "TERM": "xterm"})


def test_a_table_at_a_terminal_is_shown_by_the_pager(tmp_path: Path) -> None:
    with explain(tmp_path, "sh -c 'echo here is the pager; tail -n 1'") as terminal:
        assert terminal.end() == 0
    assert "here is the pager" in terminal.screen
    assert "chosen: main-1999" in terminal.screen
    assert "main-7 " not in terminal.screen


def test_leaving_the_pager_early_is_no_error(tmp_path: Path) -> None:
    with explain(tmp_path, "head -n 1") as terminal:
        assert terminal.end() == 0
    assert len(terminal.screen.splitlines()) == 1


@pytest.mark.parametrize(
    ("pager", "options"),
    [("exit 1", ["--no-pager"]), ("no-such-pager", []), ("'", [])],
    ids=["not wanted", "not installed", "not a command line"],
)
def test_without_a_pager_it_goes_to_the_terminal(tmp_path: Path, pager: str, options: list[str]) -> None:
    with explain(tmp_path, pager, "--limit", "1", *options) as terminal:
        assert terminal.end() == 0
    assert "main-1999" in terminal.screen
    assert "Traceback" not in terminal.screen


def test_what_is_no_terminal_has_no_pager(tmp_path: Path) -> None:
    environment: Mapping[str, str] = {"PAGER": "false"}
    with (tmp_path / "out").open("w") as file, paged(file, environment) as stdout:
        assert stdout is file
