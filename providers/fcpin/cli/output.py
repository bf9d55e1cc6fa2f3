"""What commands print: lines, tables and changes of files for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, TextIO, TypeAlias

from fcpin.errors import one_line

Row: TypeAlias = tuple[str, ...]

_MAX_DRAWN: Final = 500
"""rich takes half a millisecond a row."""


def write_lines(lines: Iterable[str], stream: TextIO | None = None) -> None:
    """Each on one line; on standard output unless a *stream* is given."""
    (stream or sys.stdout).writelines(f"{one_line(line)}\n" for line in lines)


def write_json(value: object) -> None:
    sys.stdout.write(f"{json.dumps(value, indent=2, ensure_ascii=False)}\n")


def write_rows(head: Row, rows: Sequence[Row], styles: Sequence[str] = (), stream: TextIO | None = None) -> None:
    """A table in a terminal; aligned plain text elsewhere, so that grep and cut work on it.

    *styles* has one of rich's styles for each of *rows*; terminals only.
    """
    stream = stream or sys.stdout
    safe = [tuple(map(one_line, row)) for row in rows]
    if stream.isatty() and len(rows) <= _MAX_DRAWN:
        _draw(stream, head, safe, styles or [""] * len(rows))
    else:
        _align(stream, [head, *safe])


def _align(stream: TextIO, rows: Sequence[Row]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        stream.write(f"{'  '.join(cells).rstrip()}\n")


def _draw(stream: TextIO, head: Row, rows: Sequence[Row], styles: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*(title.capitalize() for title in head), box=None, header_style="bold", pad_edge=False)
    for row, style in zip(rows, styles, strict=True):
        table.add_row(*(Text(cell, style=style) for cell in row))
    Console(file=stream).print(table)


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
    import difflib

    yield from difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="")
    if before != after:
        yield ""
