"""Everything that `explain` tells of a decision: a verdict for every tag, the choice, and what comes after it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, Self

from fcpin.cli import answer
from fcpin.cli.question import Question
from fcpin.image import TagRecord
from fcpin.policy import Ranking, Selection
from fcpin.policy.forecast import Step, forecast
from fcpin.policy.times import iso


class Verdict(NamedTuple):
    """What became of one tag."""

    tag: str
    verdict: str
    """`chosen`, `kept` or `rejected`."""
    pushed: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A selection, the circumstances that it was made in, and what follows."""

    tags: Sequence[TagRecord]
    current: str | None
    selection: Selection
    steps: Sequence[Step]

    @classmethod
    def of(cls, question: Question, ranking: Ranking) -> Self:
        """Raises InvalidPolicy."""
        selection = question.select(ranking)
        steps = list(forecast(ranking, selection, question.current))
        return cls(list(ranking.listing.values()), question.current, selection, steps)

    def verdicts(self, limit: int | None = None) -> Iterator[Verdict]:
        """The chosen tag, then the others in alphabetical order, *limit* of them all."""
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
        """How many verdicts there are."""
        return len(self.selection.rejected) + (self.selection.chosen is not None)

    def conclusion(self) -> Iterator[str]:
        """The choice, the warnings and what comes next, a line each."""
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
        """One object. A verdict takes a line, so that the answer can be read and searched."""
        fields: dict[str, Any] = {**answer.fields(self.selection, self.current), "current": self.current}
        fields["next"] = [_step(step) for step in self.steps]
        fields["counts"] = self.selection.counts
        head = "".join(f'  "{key}": {json.dumps(value)},\n' for key, value in fields.items())
        tags = ",\n".join(f"    {json.dumps(_verdict(verdict))}" for verdict in self.verdicts(limit))
        return f'{{\n{head}  "tags": [\n{tags}\n  ]\n}}' if tags else f'{{\n{head}  "tags": []\n}}'


def _step(step: Step) -> Mapping[str, str | None]:
    return {"at": iso(step.change.at), "when": step.change.when, "tag": step.tag, "reason": step.why}


def _verdict(verdict: Verdict) -> Mapping[str, str | None]:
    return {**verdict._asdict(), "pushed": verdict.pushed and verdict.pushed.isoformat()}
