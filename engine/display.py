"""What the user sees while a phase runs: one line an event, in the order of events, and the summary after it.

Lines are the CLI's own as far as a stream of lines can be. The values that change are always shown, old => new.
"""

import math
import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TextIO

from engine.changes import Change, compare, summary, visible
from engine.errors import CheckFailed, EngineError
from engine.state import ResourceState, name_of, type_of
from engine.steps import COUNTED, WORDS, Op, Step
from fcpin.clock import Clock

_SECOND = 1.0


class Display:
    """One phase of one run."""

    def __init__(self, clock: Clock, *, preview: bool, details: bool = False, out: TextIO | None = None) -> None:
        """With *details* a resource's other inputs and its URN are shown too (--diff)."""
        self._clock = clock
        self._preview = preview
        self._details = details
        self._out = out or sys.stdout
        self._mutex = threading.Lock()
        self._begun_at: dict[str, float] = {}
        self._begun = clock.monotonic()
        self.counts: Counter[Op] = Counter()
        self.diagnostics: list[tuple[str, str, str]] = []
        """Severity, URN, message."""
        self.errors = 0

    def line(self, text: str = "") -> None:
        """Print one line, or several that belong together."""
        with self._mutex:
            print(text, file=self._out, flush=True)

    def planned(self, step: Step) -> None:
        """Preview: this is what would be done."""
        self.counts[step.op] += 1
        self._show(step, WORDS[step.op].plan, values=True)

    def begun(self, step: Step) -> None:
        """The step's call is about to be made."""
        self._begun_at[step.urn] = self._clock.monotonic()
        self._show(step, WORDS[step.op].doing, values=True)

    def done(self, step: Step) -> None:
        """The step has been carried out."""
        self.counts[step.op] += 1
        begun = self._begun_at.pop(step.urn, None)
        took = f" ({_duration(self._clock.monotonic() - begun)})" if begun else ""
        self._show(step, WORDS[step.op].done + took, values=not begun)

    def drifted(self, step: Step) -> None:
        """A refresh before an update found this; the update then says what it does about it."""
        self._show(step, "gone" if step.op is Op.DELETE else WORDS[Op.REFRESH].done, values=True)

    def failed(self, step: Step, error: EngineError) -> None:
        """The step failed. Of a provider's traceback only the last line is shown here, all of it at the end."""
        words = WORDS[step.op].doing
        lines = str(error).splitlines() or [""]
        shown_lines = lines if isinstance(error, CheckFailed) else lines[-1:]
        failure = f"**{words} failed**" if words else "**failed**"
        self._show(replace(step, changes=()), "\n      ".join([f"{failure} error: {shown_lines[0]}", *shown_lines[1:]]))
        for message in lines if isinstance(error, CheckFailed) else [str(error)]:
            self.error(message, step.urn, quiet=True)

    def same(self, state: ResourceState) -> None:  # noqa: ARG002 - --json shows it
        """A resource that needs nothing is only counted."""
        self.counts[Op.SAME] += 1

    def _show(self, step: Step, text: str, *, values: bool = False) -> None:
        changes = visible(step.changes)
        keys = f" [diff: {summary(changes)}]" if changes else ""
        lines = [f" {WORDS[step.op].sign} {step.type} {name_of(step.urn)} {text}{keys if values else ''}"]
        if values:
            if self._details:
                lines.append(f"        [urn={step.urn}]")
            if self._details and step.op is Op.CREATE and step.new:
                changes = visible(compare({}, step.new.inputs))
            lines += [line for change in changes for line in change.lines("      ")]
        self.line("\n".join(lines))

    def log(self, severity: str, message: str, urn: str = "", *, quiet: bool = False) -> None:
        """A message of the program or the provider. Warnings and errors are repeated at the end."""
        if severity == "error":
            self.errors += 1
        if severity in ("warning", "error"):
            self.diagnostics.append((severity, urn, message.strip()))
        if not quiet:
            indented = message.strip().replace("\n", "\n      ")
            self.line(f"    {_where(urn)}{severity}: {indented}")

    def error(self, message: str, urn: str = "", *, quiet: bool = False) -> None:
        self.log("error", message, urn, quiet=quiet)

    def output(self, text: str) -> None:
        """Something that the program or the plugin printed."""
        self.line(f"    {text}")

    def summary(self, outputs: Sequence[Change], unchanged: Mapping[str, str]) -> None:
        """Diagnostics, outputs, counts and duration. *unchanged* are outputs that stay; a preview leaves them out."""
        kept = [] if self._preview else [f"    {key}: {text}" for key, text in sorted(unchanged.items())]
        changed = [line for change in outputs for line in change.lines("  ")]
        shown = ["Outputs:", *changed, *kept, ""] if changed or kept else []
        lines = [*self._diagnostics(), *shown, "Resources:", *self._counts()]
        if not self._preview:
            lines += ["", f"Duration: {math.ceil(self._clock.monotonic() - self._begun)}s"]
        self.line("\n".join(lines))

    def close(self) -> None:
        """The phase is over, however it ended."""

    def _diagnostics(self) -> list[str]:
        by_urn: dict[str, list[str]] = {}
        for severity, urn, message in self.diagnostics:
            indented = message.replace("\n", "\n    ")
            by_urn.setdefault(urn, []).append(f"    {severity}: {indented}")
        lines = ["Diagnostics:"] if by_urn else []
        for urn, messages in by_urn.items():
            lines += [f"  {type_of(urn)} ({name_of(urn)}):" if urn else "  engine:", *messages, ""]
        return lines

    def _counts(self) -> list[str]:
        changed = [op for op in COUNTED if self.counts[op]]
        lines = [
            f"    {WORDS[op].sign}{self.counts[op]} {'to ' + WORDS[op].plan if self._preview else WORDS[op].done}"
            for op in changed
        ]
        total = sum(self.counts[op] for op in changed)
        rest = [f"{total} changes"] if len(changed) > 1 else []
        if self.counts[Op.SAME]:
            rest.append(f"{self.counts[Op.SAME]} unchanged")
        lines += [f"    {'. '.join(rest)}"] if rest else []
        return [*lines, f"    {self.errors} errored"] if self.errors else lines

    @property
    def changed(self) -> bool:
        """Whether anything is, or would be, changed."""
        return any(self.counts[op] for op in COUNTED)


def _duration(seconds: float) -> str:
    return f"{seconds:.2f}s" if seconds < _SECOND else f"{seconds:.0f}s"


def _where(urn: str) -> str:
    return f"{name_of(urn)}: " if urn else ""
