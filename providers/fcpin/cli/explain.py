"""`fcpin explain`: a verdict for every tag, the selection and why, and what follows when only time passes."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple, Self, TextIO

import click

from fcpin.cli.endpoints import refuse
from fcpin.cli.options import Count, RegistryOptions, json_option, registry_options
from fcpin.cli.output import Row, write_lines, write_rows
from fcpin.cli.query import Query, exit_status, pin_of, query_options, summary_of
from fcpin.cli.tag_input import TAG_FORMAT, read_stdin
from fcpin.image import TagRecord
from fcpin.policy import Ranking, Selection
from fcpin.policy.forecast import Step, forecast
from fcpin.policy.times import iso

_HEAD: Final[Row] = ("TAG", "VERDICT", "PUSHED", "WHY")
_STYLES: Final = {"chosen": "bold green", "kept": "bold yellow", "rejected": "dim"}


class Verdict(NamedTuple):
    """The result for one tag."""

    tag: str
    verdict: str
    """`chosen`, `kept` or `rejected`."""
    pushed: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A selection, its inputs, and what follows."""

    tags: Sequence[TagRecord]
    current: str | None
    selection: Selection
    steps: Sequence[Step] = ()

    @classmethod
    def of(cls, query: Query, ranking: Ranking) -> Self:
        """Raises InvalidPolicy."""
        selection = query.select(ranking)
        steps = list(forecast(ranking, selection, query.current))
        return cls(list(ranking.listing.values()), query.current, selection, steps)

    def verdicts(self, limit: int | None = None) -> Iterator[Verdict]:
        """The chosen tag, then the others in alphabetical order; at most *limit*."""
        return islice(self._all(), limit)

    def _all(self) -> Iterator[Verdict]:
        pushed = {record.tag: record.pushed for record in self.tags}
        if (chosen := self.selection.chosen) is not None:
            yield Verdict(chosen.tag, "chosen", chosen.pushed, self.selection.reason)
        for tag, reason in self.selection.rejected:
            kept = self.selection.keep and tag == self.current
            yield Verdict(tag, "kept" if kept else "rejected", pushed.get(tag), reason)

    @property
    def count(self) -> int:
        """Number of all verdicts."""
        return len(self.selection.rejected) + (self.selection.chosen is not None)

    def conclusion(self) -> Iterator[str]:
        """The selection, the warnings and the next selections, a line each."""
        selection, chosen = self.selection, self.selection.chosen
        if chosen is not None:
            before = f"{self.current} => " if self.current not in (None, chosen.tag) else ""
            digest = f" {chosen.digest}" if chosen.digest else ""
            yield f"chosen: {before}{chosen.tag}{digest}, {selection.reason}"
        else:
            yield f"kept: {self.current}, {selection.reason}" if selection.keep else f"no tag: {selection.reason}"
        yield from (f"warning: {warning}" for warning in selection.warnings)
        for step in self.steps:
            why = "" if step.tag else f": {step.why}"
            yield f"next: {step.tag or 'no tag'} at {iso(step.change.at)}, when {step.change.when}{why}"

    def as_json(self, limit: int | None = None) -> str:
        """One object. Each verdict is on a line of its own, so that people can read and search it."""
        pin = pin_of(self.selection, self.current)
        fields: dict[str, Any] = {**summary_of(pin, self.selection), "current": self.current}
        fields["next"] = [_step_json(step) for step in self.steps]
        fields["counts"] = self.selection.counts
        head = "".join(f'  "{key}": {json.dumps(value)},\n' for key, value in fields.items())
        tags = ",\n".join(f"    {json.dumps(_verdict_json(verdict))}" for verdict in self.verdicts(limit))
        return f'{{\n{head}  "tags": [\n{tags}\n  ]\n}}' if tags else f'{{\n{head}  "tags": []\n}}'


def _step_json(step: Step) -> Mapping[str, str | None]:
    return {"at": iso(step.change.at), "when": step.change.when, "tag": step.tag, "reason": step.why}


def _verdict_json(verdict: Verdict) -> Mapping[str, str | None]:
    return {**verdict._asdict(), "pushed": verdict.pushed and verdict.pushed.isoformat()}


@click.command(
    help=f"""Give a verdict for every tag, the next deployment, and why.

    The tags come from standard input, or with --repository from its registry. {TAG_FORMAT} In a terminal the output
    is shown by $PAGER (default: less -FRX)."""
)
@query_options()
@registry_options(required=False)
@click.option("--limit", metavar="N", type=Count(min=0), help="Show at most N verdicts (default: all).")
@json_option
@click.option("--no-pager", is_flag=True, help="Do not start $PAGER, even in a terminal.")
def command(query: Query, registry: RegistryOptions, limit: int | None, as_json: bool, no_pager: bool) -> int:
    explanation = Explanation.of(query, _ranking(query, registry))
    if as_json:
        sys.stdout.write(f"{explanation.as_json(limit)}\n")
        return exit_status(explanation.selection)
    from fcpin.cli.pager import paged

    with nullcontext(sys.stdout) if no_pager else paged(sys.stdout) as stdout:
        _write(stdout, explanation, limit)
    return exit_status(explanation.selection)


def _ranking(query: Query, registry: RegistryOptions) -> Ranking:
    if registry.repository is None:
        refuse(registry._asdict(), "needs --repository")
        return Ranking(query.policy, read_stdin())
    from fcpin.cli.remote import Remote  # the clients of registries and of Alibaba Cloud: a third of a second

    return Remote.of(registry).rank(query)


def _write(stdout: TextIO, explanation: Explanation, limit: int | None) -> None:
    verdicts = list(explanation.verdicts(limit))
    write_verdicts(verdicts, with_times=any(record.pushed for record in explanation.tags), stream=stdout)
    if (more := explanation.count - len(verdicts)) > 0:
        stdout.write(f"… and {more} more; remove --limit to show all\n")
    counts = explanation.selection.counts
    width = max(map(len, map(str, counts.values())), default=0)
    lines = ["", *(f"{count:>{width}}  {reason}" for reason, count in counts.items())] if counts else []
    write_lines((*lines, "", *explanation.conclusion()), stdout)


def write_verdicts(verdicts: Sequence[Verdict], *, with_times: bool, stream: TextIO) -> None:
    """A row each."""
    rows = [_row(verdict) for verdict in verdicts]
    head = _HEAD
    if not with_times:
        head, rows = (*head[:2], head[3]), [(*row[:2], row[3]) for row in rows]
    write_rows(head, rows, [_STYLES[verdict.verdict] for verdict in verdicts], stream)


def _row(verdict: Verdict) -> Row:
    pushed = verdict.pushed.strftime("%Y-%m-%d %H:%M:%SZ") if verdict.pushed else "-"
    return (verdict.tag, verdict.verdict, pushed, verdict.reason)
