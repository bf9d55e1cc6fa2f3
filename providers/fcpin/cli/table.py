"""Show a selection to people: a verdict for every tag, the counts, and the choice."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO, TypeAlias

from fcpin.image import TagRecord
from fcpin.policy import Selection

Row: TypeAlias = tuple[str, ...]
_HEAD: Row = ("TAG", "VERDICT", "PUSHED", "WHY")
_STYLES: Mapping[str, str] = {"chosen": "bold green", "kept": "bold yellow", "rejected": "dim"}


def write_table(stdout: TextIO, tags: Sequence[TagRecord], selection: Selection, current: str | None) -> None:
    """A table in the terminal; aligned plain text anywhere else, so that grep and cut can work on it."""
    rows: list[Row] = [_HEAD, *_rows(tags, selection, current)]
    if not any(record.pushed for record in tags):
        rows = [(tag, verdict, why) for tag, verdict, _, why in rows]
    if stdout.isatty():
        _draw(stdout, rows)
    else:
        _align(stdout, rows)
    stdout.writelines(f"{_printable(line)}\n" for line in _conclusion(selection, current))


def _rows(tags: Sequence[TagRecord], selection: Selection, current: str | None) -> Iterator[Row]:
    pushed = {record.tag: record.pushed.strftime("%Y-%m-%d %H:%M:%SZ") for record in tags if record.pushed}
    if selection.chosen is not None:
        tag = selection.chosen.tag
        yield tag, "chosen", pushed.get(tag, "-"), selection.reason
    for tag, reason in selection.rejected:
        verdict = "kept" if selection.keep and tag == current else "rejected"
        yield _printable(tag), verdict, pushed.get(tag, "-"), _printable(reason)


def _conclusion(selection: Selection, current: str | None) -> Iterator[str]:
    if selection.counts:
        yield ""
        width = max(len(str(count)) for count in selection.counts.values())
        yield from (f"{count:>{width}}  {reason}" for reason, count in selection.counts.items())
    yield ""
    if selection.chosen is not None:
        digest = f" {selection.chosen.digest}" if selection.chosen.digest else ""
        yield f"chosen: {selection.chosen.tag}{digest}, {selection.reason}"
    else:
        yield f"kept: {current}, {selection.reason}" if selection.keep else f"no tag: {selection.reason}"
    yield from (f"warning: {warning}" for warning in selection.warnings)


def _align(stdout: TextIO, rows: Sequence[Row]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        stdout.write(f"{'  '.join(cells).rstrip()}\n")


def _draw(stdout: TextIO, rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*(title.capitalize() for title in rows[0]), box=None, header_style="bold", pad_edge=False)
    for row in rows[1:]:
        table.add_row(*(Text(cell, style=_STYLES[row[1]]) for cell in row))
    Console(file=stdout).print(table)


def _printable(text: str) -> str:
    """A tag may be any text here; none may steer the terminal."""
    return text if text.isprintable() else repr(text)[1:-1]
