"""`preview --json`: the phase as one JSON document, in the shape of the CLI's."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from engine.changes import Change, masked, visible
from engine.checkpoint import as_document
from engine.display import Display
from engine.state import ResourceState
from engine.steps import Op, Step
from engine.values import Properties, Value
from fcpin.clock import Clock

_KINDS = {"+": "add", "-": "delete", "~": "update"}


class DigestDisplay(Display):
    """Collects the steps and prints nothing before the end."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, preview=True)
        self._steps: list[Mapping[str, Any]] = []

    def line(self, text: str = "") -> None:
        """Not part of the document."""

    def planned(self, step: Step) -> None:
        super().planned(step)
        self._collect(step)

    def same(self, state: ResourceState) -> None:
        super().same(state)
        self._collect(Step(Op.SAME, state.urn, state.type, state, state))

    def _collect(self, step: Step) -> None:
        changes = visible(step.changes)
        suffix = "-replace" if step.op is Op.REPLACE else ""
        document = {
            "op": step.op.value,
            "urn": step.urn,
            "oldState": step.old and as_document(step.old, _masked),
            "newState": step.new and as_document(step.new, _masked),
            "diffReasons": [change.key for change in changes],
            "detailedDiff": {
                change.key: {"kind": _KINDS[change.sign] + suffix, "inputDiff": True} for change in changes
            },
        }
        with self._mutex:
            self._steps.append({key: value for key, value in document.items() if value})

    def summary(self, outputs: Sequence[Change], unchanged: Mapping[str, str]) -> None:
        """Print the document; `duration` is in nanoseconds. Outputs are in the stack's own state."""
        del outputs, unchanged
        document = {
            "steps": self._steps,
            "diagnostics": [
                {"severity": severity, "message": message, **({"urn": urn} if urn else {})}
                for severity, urn, message in self.diagnostics
            ],
            "duration": int((self._clock.monotonic() - self._begun) * 1e9),
            "changeSummary": {op.value: count for op, count in self.counts.items() if count},
        }
        super().line(json.dumps(document, indent=4, ensure_ascii=False))


def _masked(properties: Properties) -> dict[str, Value]:
    return dict(masked(dict(properties)))
