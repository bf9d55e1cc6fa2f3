"""What a command has written into a file, as it tells of it."""

import difflib
from collections.abc import Iterator
from pathlib import Path


def difference(before: str, after: str, shown: str) -> Iterator[str]:
    """The lines of a unified diff and an empty one; none where nothing changed. *shown*: what the file is called."""
    yield from difflib.unified_diff(before.splitlines(), after.splitlines(), shown, shown, lineterm="")
    if before != after:
        yield ""


def as_written(file: Path) -> str:
    """*file* as the user would write it."""
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)
