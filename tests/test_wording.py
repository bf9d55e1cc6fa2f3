"""The words of the project: code, messages and docs are plain technical English.

Each word of the list has a plain equivalent: the registry *returns* or *reports*, a request is *rejected*, a run is
*repeated*, a file stands *next to* another one.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

DENIED = (
    *("tell", "tells", "telling", "told", "untold", "say", "says", "saying", "said", "whoever", "whomever"),
    *("nobody", "somebody", "anybody", "anew", "asked", "beside"),
)
_WORD = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(DENIED)})(?![A-Za-z])", re.IGNORECASE)
_SUFFIXES = {".py", ".md", ".html", ".js", ".css", ".yaml", ".yml", ".toml", ".sh", ".json", ".jsonl", ".tsv", ""}

EXCEPTIONS: dict[str, str] = {
    "tests/test_wording.py": "the list itself",
}
"""Files that may hold a word of the list, each with the reason."""


def _tracked() -> Iterator[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        file = ROOT / name
        if file.suffix in _SUFFIXES and name not in EXCEPTIONS and file.is_file():
            yield file


def _found(file: Path) -> Iterator[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        for word in _WORD.findall(line.replace("_", " ")):
            yield f"{file.relative_to(ROOT)}:{number}: {word}"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="lists the files that git tracks; this is no clone")
def test_no_word_of_the_list_is_used() -> None:
    found = [place for file in _tracked() for place in _found(file)]
    assert not found, "\n".join(["use the plain word instead:", *found])
