"""`preview --json`: the phase as one JSON document, in the shape of the CLI's."""

import json
from collections.abc import Mapping
from typing import Any

from engine.changes import masked, visible
from engine.checkpoint import as_document
from engine.display import Display, Op, Step
from engine.state import ResourceState
from engine.values import Properties
from fcpin.clock import Clock

_KINDS = {"+": "add", "-": "delete", "~": "update"}


class DigestDisplay(Display):
    """Collects the steps and prints nothing before the end."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, preview=True)
        self._steps: list[Mapping[str, Any]] = []

    def line(self, text: str) -> None:
        """Not part of the document."""

    def planned(self, step: Step) -> None:
        super().planned(step)
        old, new = (step.state, None) if step.op is Op.DELETE else (step.old, step.state)
        kinds = {one.key: _KINDS[one.sign] + "-replace" * (step.op is Op.REPLACE) for one in visible(step.changes)}
        document = {
            "op": step.op.value,
            "urn": step.state.urn,
            "oldState": old and as_document(old, masked),
            "newState": new and as_document(new, masked),
            "diffReasons": list(kinds),
            "detailedDiff": {key: {"kind": kind, "inputDiff": True} for key, kind in kinds.items()},
        }
        self._steps.append({key: value for key, value in document.items() if value})

    def same(self, state: ResourceState) -> None:
        self.planned(Step(Op.SAME, state, state))

    def summary(self, before: Properties, after: Properties) -> None:  # noqa: ARG002 - they are in the stack's state
        """Print the document; `duration` is in nanoseconds."""
        said = [{"severity": severity, "message": text, "urn": urn} for urn, severity, text in self._diagnostics]
        document = {
            "steps": self._steps,
            "diagnostics": [{key: value for key, value in one.items() if value} for one in said],
            "duration": int((self._clock.monotonic() - self._began) * 1e9),
            "changeSummary": {op.value: count for op, count in self.counts.items()},
        }
        super().line(json.dumps(document, indent=4, ensure_ascii=False))
