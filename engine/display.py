"""What the user sees while a phase runs: one line an event, in the order of events, and the summary after it.

Lines are the CLI's own as far as a stream of lines can be. The values that change are always shown, old => new.
"""

import enum
import math
import os
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from engine.changes import Change, compare, shown, summary, visible
from engine.errors import CheckFailed, EngineError
from engine.state import ResourceState, name_of, type_of
from engine.values import Properties
from fcpin.clock import Clock


class Op(enum.Enum):
    """The kinds of steps, in the CLI's own names: they go into --json."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    DELETE_REPLACED = "delete-replaced"
    REFRESH = "refresh"


_WORDS = {
    Op.SAME: ("  ", "", "", ""),
    Op.CREATE: ("+ ", "create", "creating", "created"),
    Op.UPDATE: ("~ ", "update", "updating", "updated"),
    Op.REPLACE: ("+-", "replace", "replacing", "replaced"),
    Op.DELETE: ("- ", "delete", "deleting", "deleted"),
    Op.DELETE_REPLACED: ("--", "delete original", "deleting original", "deleted original"),
    Op.REFRESH: ("~ ", "refresh", "refreshing", "refreshed"),
}
"""Sign; what would be done, is being done, has been done."""
_COUNTED = (Op.CREATE, Op.UPDATE, Op.REPLACE, Op.DELETE)
_COLOURS = {"+": 32, "~": 33, "-": 31, "+-": 35, "--": 31, "error:": 31, "warning:": 33}
"""SGR codes of the signs and words that a line begins with."""


@dataclass(frozen=True)
class Step:
    """Something that is to be done with one resource."""

    op: Op
    state: ResourceState
    """As it will be; what is deleted, as it is."""
    old: ResourceState | None = None
    changes: Sequence[Change] = ()


class Display:
    """One phase of one run."""

    def __init__(self, clock: Clock, *, preview: bool, details: bool = False, out: TextIO | None = None) -> None:
        """With *details* a resource's other inputs and its URN are shown too (--diff)."""
        self._clock = clock
        self._preview = preview
        self._details = details
        self._out = out or sys.stdout
        self._mutex = threading.Lock()
        self._began = clock.monotonic()
        self._under_way: dict[str, tuple[Step, float]] = {}
        self._diagnostics: list[tuple[str, str, str]] = []  # URN, severity, message
        self.counts: Counter[Op] = Counter()
        self.errors = 0

    def line(self, text: str) -> None:
        """Print one line, or several that belong together."""
        if self._out.isatty():
            text = "\n".join(map(_coloured, text.split("\n")))
        with self._mutex:
            try:
                print(text, file=self._out, flush=True)
            except OSError:  # nobody reads it any more; what is under way is more important
                self._out = open(os.devnull, "w")  # noqa: PTH123, SIM115 - until the process ends

    def planned(self, step: Step) -> None:
        """Preview: this is what would be done."""
        self.counts[step.op] += 1
        self._show(step, _WORDS[step.op][1], values=True)

    def begun(self, step: Step) -> None:
        """The step's call is about to be made."""
        self._under_way[step.state.urn] = (step, self._clock.monotonic())
        self._show(step, _WORDS[step.op][2], values=True)

    def done(self, step: Step) -> None:
        """The step has been carried out."""
        self.counts[step.op] += 1
        _, begun = self._under_way.pop(step.state.urn, (step, None))
        seconds = 0.0 if begun is None else self._clock.monotonic() - begun
        took = "" if begun is None else f" ({seconds:.{2 if seconds < 1 else 0}f}s)"
        self._show(step, _WORDS[step.op][3] + took, values=begun is None)

    def failed(self, step: Step, error: EngineError) -> None:
        """The step failed. Of a provider's traceback only the last line is shown here, all of it at the end."""
        step, _ = self._under_way.pop(step.state.urn, (step, 0.0))
        messages = str(error).splitlines() if isinstance(error, CheckFailed) else [str(error)]
        last = "\n      ".join(message.rpartition("\n")[2] for message in messages)
        self._show(step, f"**{f'{_WORDS[step.op][2]} failed'.strip()}** error: {last}")
        for message in messages:
            self.log("error", message, step.state.urn, quiet=True)

    def same(self, state: ResourceState) -> None:  # noqa: ARG002 - --json shows it
        """A resource that needs nothing is only counted."""
        self.counts[Op.SAME] += 1

    def _show(self, step: Step, text: str, *, values: bool = False) -> None:
        changes = visible(step.changes) if values else []
        keys = f" [diff: {summary(changes)}]" if changes else ""
        lines = [f" {_WORDS[step.op][0]} {step.state.type} {name_of(step.state.urn)} {text}{keys}"]
        if values and self._details:
            lines.append(f"        [urn={step.state.urn}]")
            changes = visible(compare({}, step.state.inputs)) if step.op is Op.CREATE else changes
        self.line("\n".join([*lines, *(line for change in changes for line in change.lines("      "))]))

    def log(self, severity: str, message: str, urn: str = "", *, quiet: bool = False) -> None:
        """A message of the program or the provider. Warnings and errors are repeated at the end."""
        self.errors += severity == "error"
        if severity in ("warning", "error"):
            self._diagnostics.append((urn, severity, message.strip()))
        if not quiet:
            where = f"{name_of(urn)}: " if urn else ""
            self.line(f"    {where}{severity}: " + message.strip().replace("\n", "\n      "))

    def output(self, text: str) -> None:
        """Something that the program or the plugin printed."""
        self.line(f"    {text}")

    def summary(self, before: Properties, after: Properties) -> None:
        """Diagnostics, the stack's outputs, counts and duration. A preview leaves out what stays."""
        changes = {change.key: change for change in compare(before, after)}
        outputs = [line for change in changes.values() for line in change.lines("  ")]
        if not self._preview:
            outputs += [f"    {key}: {shown(after[key])}" for key in sorted(after.keys() - changes.keys())]
        lines = [*self._messages(), *(["Outputs:", *outputs, ""] if outputs else []), "Resources:", *self._counts()]
        if not self._preview:
            lines += ["", f"Duration: {math.ceil(self._clock.monotonic() - self._began)}s"]
        self.line("\n".join(lines))

    def _messages(self) -> list[str]:
        by_urn: dict[str, list[str]] = {}
        for urn, severity, message in self._diagnostics:
            by_urn.setdefault(urn, []).append(f"    {severity}: " + message.replace("\n", "\n    "))
        lines = ["Diagnostics:"] if by_urn else []
        for urn, messages in by_urn.items():
            lines += [f"  {type_of(urn)} ({name_of(urn)}):" if urn else "  engine:", *messages, ""]
        return lines

    def _counts(self) -> list[str]:
        counts = {op: self.counts[op] for op in _COUNTED if self.counts[op]}
        lines = [
            f"    {_WORDS[op][0]}{count} {'to ' + _WORDS[op][1] if self._preview else _WORDS[op][3]}"
            for op, count in counts.items()
        ]
        rest = [f"{sum(counts.values())} changes"] if len(counts) > 1 else []
        rest += [f"{self.counts[Op.SAME]} unchanged"] if self.counts[Op.SAME] else []
        errors = [f"    {self.errors} errored"] if self.errors else []
        return [*lines, *([f"    {'. '.join(rest)}"] if rest else []), *errors]

    @property
    def changed(self) -> bool:
        """Whether anything is, or would be, changed."""
        return any(self.counts[op] for op in _COUNTED)


def _coloured(line: str) -> str:
    first, *_ = [*line.split(), ""]
    code = _COLOURS.get("error:" if " error: " in line else first)
    return f"\x1b[{code}m{line}\x1b[0m" if code else line
