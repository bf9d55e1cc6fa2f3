"""Long output goes through the pager, in a terminal and nowhere else."""

import os
import pty
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

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


def test_without_a_pager_it_goes_to_the_terminal(tmp_path: Path) -> None:
    with explain(tmp_path, "exit 1", "--limit", "1", "--no-pager") as terminal:
        assert terminal.end() == 0
    assert "main-1999" in terminal.screen


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb"), os.fdopen(theirs, "w") as terminal:
        yield terminal


@pytest.mark.parametrize("pager", ["no-such-pager", "'"], ids=["not installed", "not a command line"])
def test_there_is_no_pager(pager: str, terminal: TextIO) -> None:
    with paged(terminal, {"PAGER": pager}) as stdout:
        assert stdout is terminal


def test_what_is_no_terminal_has_no_pager(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as file, paged(file, {"PAGER": "false"}) as stdout:
        assert stdout is file


def test_what_is_written_after_the_pager_was_left_is_discarded(terminal: TextIO) -> None:
    with paged(terminal, {**os.environ, "PAGER": "true"}) as stdout:
        for _ in range(100):
            stdout.write(TAGS)
