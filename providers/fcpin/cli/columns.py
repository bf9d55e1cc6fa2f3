"""Rows in columns: a table in the terminal, aligned plain text anywhere else, so that grep and cut can work on it."""

from collections.abc import Sequence
from typing import TextIO, TypeAlias

from fcpin.errors import one_line

Row: TypeAlias = tuple[str, ...]

_MOST_DRAWN = 500
"""Drawing takes half a millisecond a row."""


def write_rows(stdout: TextIO, head: Row, rows: Sequence[Row], styles: Sequence[str]) -> None:
    """*styles* has one for each of *rows*, as rich names them; they show in a terminal only."""
    safe = [tuple(map(one_line, row)) for row in rows]
    if stdout.isatty() and len(rows) <= _MOST_DRAWN:
        _draw(stdout, head, safe, styles)
    else:
        _align(stdout, [head, *safe])


def _align(stdout: TextIO, rows: Sequence[Row]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        stdout.write(f"{'  '.join(cells).rstrip()}\n")


def _draw(stdout: TextIO, head: Row, rows: Sequence[Row], styles: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*(title.capitalize() for title in head), box=None, header_style="bold", pad_edge=False)
    for row, style in zip(rows, styles, strict=True):
        table.add_row(*(Text(cell, style=style) for cell in row))
    Console(file=stdout).print(table)
