"""Show an explanation to people: a row for every tag, the counts, and the conclusion."""

from collections.abc import Mapping, Sequence
from typing import TextIO

from fcpin.cli.columns import Row, write_rows
from fcpin.cli.explanation import Explanation, Verdict
from fcpin.cli.output import write_lines

_HEAD: Row = ("TAG", "VERDICT", "PUSHED", "WHY")
_STYLES: Mapping[str, str] = {"chosen": "bold green", "kept": "bold yellow", "rejected": "dim"}


def write_table(stdout: TextIO, explanation: Explanation, limit: int | None = None) -> None:
    """A table in the terminal; aligned plain text anywhere else, so that grep and cut can work on it."""
    verdicts = list(explanation.verdicts(limit))
    write_verdicts(stdout, verdicts, timed=any(record.pushed for record in explanation.tags))
    if (more := explanation.count - len(verdicts)) > 0:
        stdout.write(f"… and {more} more; without --limit they are shown too\n")
    counts = explanation.selection.counts
    width = max(map(len, map(str, counts.values())), default=0)
    lines = ["", *(f"{count:>{width}}  {reason}" for reason, count in counts.items())] if counts else []
    write_lines(stdout, (*lines, "", *explanation.conclusion()))


def write_verdicts(stdout: TextIO, verdicts: Sequence[Verdict], *, timed: bool) -> None:
    """A row each; with push times if *timed*."""
    rows = [_row(verdict) for verdict in verdicts]
    head = _HEAD
    if not timed:
        head, rows = (*head[:2], head[3]), [(*row[:2], row[3]) for row in rows]
    write_rows(stdout, head, rows, [_STYLES[verdict.verdict] for verdict in verdicts])


def _row(verdict: Verdict) -> Row:
    pushed = verdict.pushed.strftime("%Y-%m-%d %H:%M:%SZ") if verdict.pushed else "-"
    return (verdict.tag, verdict.verdict, pushed, verdict.reason)
