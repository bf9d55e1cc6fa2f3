"""What the user sees of a phase: a line an event, in their order, and a summary; or one JSON document at the end.

Lines are the CLI's own as far as a stream of lines can be. The values that change are always shown, old => new.
Digests in them have 12 digits, and lines fit a given width; the JSON document has everything whole.
What the program prints is passed on as it is.
"""

import contextlib
import enum
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from fcpin.engine.errors import CheckFailed, EngineError
from fcpin.engine.state import Operation, ResourceState, as_document, name_of
from fcpin.engine.values import Change, Properties, compare, masked, summary
from fcpin.layout import WIDTH, fold

PROVIDER_KEY = "__provider"
"""The serialized provider object: an input of every dynamic resource, of no interest to its user."""


class Op(enum.Enum):
    """The kinds of steps: the CLI's own name; its sign; what would be done, is being done, has been done."""

    SAME = ("same", "  ", "", "", "")
    CREATE = ("create", "+ ", "create", "creating", "created")
    UPDATE = ("update", "~ ", "update", "updating", "updated")
    REPLACE = ("replace", "+-", "replace", "replacing", "replaced")
    DELETE = ("delete", "- ", "delete", "deleting", "deleted")
    DELETE_REPLACED = ("delete-replaced", "--", "delete original", "deleting original", "deleted original")
    REFRESH = ("refresh", "~ ", "refresh", "refreshing", "refreshed")

    def __init__(self, title: str, sign: str, plan: str, doing: str, past: str) -> None:
        self.title, self.sign, self.plan, self.doing, self.past = title, sign, plan, doing, past


_COUNTED = (Op.CREATE, Op.UPDATE, Op.REPLACE, Op.DELETE)
_KINDS = {"+": "add", "-": "delete", "~": "update"}


@dataclass(frozen=True)
class Step:
    """Something that is to be done with one resource."""

    op: Op
    state: ResourceState
    """As it will be; what is deleted, as it is."""
    old: ResourceState | None = None
    changes: Sequence[Change] = ()

    @property
    def new(self) -> ResourceState | None:
        """The resource after the step; None if it is gone."""
        return None if self.op in (Op.DELETE, Op.DELETE_REPLACED) else self.state

    @property
    def visible(self) -> list[Change]:
        """The changes that a user wants to see."""
        return [change for change in self.changes if change.key != PROVIDER_KEY]

    @property
    def operation(self) -> Operation:
        """What is on disk before the step's call is made."""
        if self.old is None or self.op is Op.REPLACE:
            return Operation(self.state, "creating")
        return Operation(self.old, "updating" if self.new else "deleting")

    @property
    def document(self) -> dict[str, Any]:
        """As the CLI's JSON has it."""
        kinds = {one.key: _KINDS[one.sign] + "-replace" * (self.op is Op.REPLACE) for one in self.visible}
        document = {
            "op": self.op.title,
            "urn": self.state.urn,
            "oldState": self.old and as_document(self.old, masked),
            "newState": self.new and as_document(self.new, masked),
            "diffReasons": list(kinds),
            "detailedDiff": {key: {"kind": kind, "inputDiff": True} for key, kind in kinds.items()},
        }
        return {key: value for key, value in document.items() if value}


class Display:
    """One phase of one run."""

    def __init__(self, *, preview: bool, details: bool = False, out: TextIO = sys.stdout, width: int = WIDTH) -> None:
        """With *details* a resource's URN and the inputs of what is created are shown too (--diff).

        Lines have at most *width* columns.
        """
        self._preview, self._details, self._out, self._width = preview, details, out, width
        self._mutex = threading.Lock()
        self._begun: dict[str, Step] = {}
        self._messages: list[tuple[str, str, str]] = []  # URN, severity, message
        self.steps: list[Step] = []
        """What has been, or would be, done."""

    @property
    def errors(self) -> int:
        return sum(severity == "error" for _, severity, _ in self._messages)

    @property
    def changed(self) -> bool:
        """Whether anything is, or would be, changed."""
        return any(step.op in _COUNTED for step in self.steps)

    def line(self, text: str) -> None:
        """Print one line, or several that belong together. A closed pipe is ignored: the running steps matter more."""
        with self._mutex, contextlib.suppress(OSError):
            print(text, file=self._out, flush=True)

    def begun(self, step: Step) -> None:
        """The step's call is about to be made."""
        self._begun[step.state.urn] = step
        self._show(step, step.op.doing, values=True)

    def done(self, step: Step) -> None:
        """The step has been carried out; in a preview, would be. A resource that needs nothing is only counted."""
        if step.state.is_internal:
            return
        self.steps.append(step)
        if step.op is not Op.SAME:
            self._show(step, step.op.plan if self._preview else step.op.past, values=step.state.urn not in self._begun)

    def failed(self, step: Step, error: EngineError) -> None:
        """The step failed. Of a provider's traceback only the last line is shown here, all of it at the end."""
        step = self._begun.get(step.state.urn, step)
        messages = str(error).splitlines() if isinstance(error, CheckFailed) else [str(error)]
        last = "\n".join(message.rpartition("\n")[2] for message in messages)
        self._show(step, f"**{f'{step.op.doing} failed'.strip()}** error: {last}")
        self._messages += [(step.state.urn, "error", message) for message in messages]

    def _show(self, step: Step, text: str, *, values: bool = False) -> None:
        changes = step.visible if values else []
        keys = f" [diff: {summary(changes)}]" if changes else ""
        title = f"{step.state.type} {name_of(step.state.urn)} {text}{keys}"
        lines = fold(title, self._width, f" {step.op.sign} ", "      ")
        if values and self._details:
            lines += fold(f"[urn={step.state.urn}]", self._width, "        ", "        ")
            if step.op is Op.CREATE:
                changes = Step(step.op, step.state, None, compare({}, step.state.inputs)).visible
        self.line("\n".join([*lines, *(line for change in changes for line in change.lines("      ", self._width))]))

    def log(self, severity: str, message: str, urn: str = "") -> None:
        """A message of the program, the provider or the engine. Warnings and errors are repeated at the end."""
        if severity in ("warning", "error"):
            self._messages.append((urn, severity, message.strip()))
        where = f"{name_of(urn)}: " if urn else ""
        self.line("\n".join(fold(message.strip(), self._width, f"    {where}{severity}: ", "      ")))

    def output(self, text: str) -> None:
        """Something that the program or the plugin printed."""
        self.line(f"    {text}")

    def summary(self, before: Properties, after: Properties) -> None:
        """Diagnostics, the stack's outputs before and *after*, and counts. A preview leaves out what stays."""
        changes = {change.key: change for change in compare(before, after)}
        shown = list(changes.values())
        if not self._preview:
            shown += [Change(key, " ", new=after[key]) for key in sorted(after.keys() - changes.keys())]
        lines = [line for change in shown for line in change.lines("  ", self._width)]
        outputs = ["Outputs:", *lines, ""] if lines else []
        self.line("\n".join([*self._diagnostics(), *outputs, "Resources:", *self._counts()]))

    def _diagnostics(self) -> list[str]:
        lines = ["Diagnostics:"] if self._messages else []
        for urn, severity, message in self._messages:
            where = f"{urn.split('::')[2].rpartition('$')[2]} ({name_of(urn)})" if urn else "engine"
            lines += [f"  {where}:", *fold(message, self._width, f"    {severity}: ", "    "), ""]
        return lines

    def _counts(self) -> list[str]:
        counts = Counter(step.op for step in self.steps)
        words = {op: f"to {op.plan}" if self._preview else op.past for op in _COUNTED if counts[op]}
        lines = [f"    {op.sign}{counts[op]} {word}" for op, word in words.items()]
        rest = {"unchanged": counts[Op.SAME], "errored": self.errors}
        return lines + [f"    {number} {word}" for word, number in rest.items() if number]

    def digest(self) -> dict[str, Any]:
        """The phase as one document, in the shape of the CLI's `preview --json`."""
        return {
            "steps": [step.document for step in self.steps],
            "diagnostics": [
                {"urn": urn, "severity": severity, "message": text} for urn, severity, text in self._messages
            ],
            "changeSummary": Counter(step.op.title for step in self.steps),
        }
