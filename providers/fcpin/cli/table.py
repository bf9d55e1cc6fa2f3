"""Show a selection to people: a verdict for every tag, the counts, and the choice."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from fcpin.cli.columns import Row, printable, write_rows
from fcpin.image import TagRecord
from fcpin.policy import Selection

_HEAD: Row = ("TAG", "VERDICT", "PUSHED", "WHY")
_STYLES: Mapping[str, str] = {"chosen": "bold green", "kept": "bold yellow", "rejected": "dim"}


def write_table(stdout: TextIO, tags: Sequence[TagRecord], selection: Selection, current: str | None) -> None:
    """A table in the terminal; aligned plain text anywhere else, so that grep and cut can work on it."""
    rows: list[Row] = [_HEAD, *_rows(tags, selection, current)]
    if not any(record.pushed for record in tags):
        rows = [(tag, verdict, why) for tag, verdict, _, why in rows]
    write_rows(stdout, rows[0], rows[1:], [_STYLES[row[1]] for row in rows[1:]])
    stdout.writelines(f"{printable(line)}\n" for line in _conclusion(selection, current))


def _rows(tags: Sequence[TagRecord], selection: Selection, current: str | None) -> Iterator[Row]:
    pushed = {record.tag: record.pushed.strftime("%Y-%m-%d %H:%M:%SZ") for record in tags if record.pushed}
    if selection.chosen is not None:
        tag = selection.chosen.tag
        yield tag, "chosen", pushed.get(tag, "-"), selection.reason
    for tag, reason in selection.rejected:
        verdict = "kept" if selection.keep and tag == current else "rejected"
        yield tag, verdict, pushed.get(tag, "-"), reason


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
