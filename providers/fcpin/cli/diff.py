"""Changes of files, as unified diffs."""

import difflib
from collections.abc import Iterator
from pathlib import Path


def write_changed(file: Path, before: str, after: str) -> list[str]:
    """Write *after* into *file* unless it is equal to *before*; the lines to print. Raises InvalidInput."""
    from fcpin.stack.project import write_file

    if after != before:
        write_file(file, after)
    return list(_diff(before, after, shown(file)))


def shown(file: Path) -> str:
    """The path as users write it: relative to the working directory where it is below it."""
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)


def _diff(before: str, after: str, name: str) -> Iterator[str]:
    """The lines of a unified diff and an empty line; none without a change."""
    yield from difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="")
    if before != after:
        yield ""
