"""A pipeline and its tasks as the Devs API describes them, in our own words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from fcpin.devs.phase import Phase
from fcpin.image import Digest, parse_digest

Wire = Mapping[str, Any]
"""A JSON object of the Devs API, with the API's own keys."""

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class LogLocation:
    """Where Simple Log Service keeps the log of a task in the dedicated environment."""

    project: str
    store: str

    def __str__(self) -> str:
        return f"project {self.project}, logstore {self.store} of Simple Log Service"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One answer of CreatePipeline, GetPipeline, ListPipelines …"""

    name: str
    uid: str
    labels: Mapping[str, str]
    phase: Phase
    word: str
    """`status.phase`, as the API has it."""
    reason: str
    """Why it failed: title, code and sentence; empty when it did not."""
    wire: Wire = field(repr=False, compare=False)
    """The whole answer, so that nothing we do not understand is lost."""

    @classmethod
    def from_wire(cls, wire: Wire) -> Self:
        """Read one JSON object of the API; absent keys are empty."""
        status = wire.get("status") or {}
        word = status.get("phase") or ""
        name, uid, labels = wire.get("name") or "", wire.get("uid") or "", wire.get("labels") or {}
        return cls(name, uid, labels, Phase.of(word), word, _reason(status), wire)


@dataclass(frozen=True, slots=True)
class Task:
    """One answer of ListTasks."""

    name: str
    labels: Mapping[str, str]
    phase: Phase
    word: str
    """`status.phase`, as the API has it."""
    reason: str
    """Why it failed; empty when it did not."""
    details: tuple[str, ...]
    """`executionDetails`: what the API itself shows of the log."""
    log: LogLocation | None
    """None in the default environment, whose log is in the console alone."""
    reported: frozenset[Digest]
    """Every digest that the latest run names in its output. Not documented: often none."""
    wire: Wire = field(repr=False, compare=False)

    @classmethod
    def from_wire(cls, wire: Wire) -> Self:
        """Read one JSON object of the API; absent keys are empty."""
        status = wire.get("status") or {}
        latest = (status.get("invocations") or [{}])[-1] or {}
        word, project = status.get("phase") or "", latest.get("slsProject")
        return cls(
            name=wire.get("name") or "",
            labels=wire.get("labels") or {},
            phase=Phase.of(word),
            word=word,
            reason=_reason(status),
            details=tuple(map(str, status.get("executionDetails") or ())),
            log=LogLocation(project, latest.get("slsLogStore") or "") if project else None,
            reported=frozenset(map(parse_digest, _DIGEST.findall(latest.get("output") or ""))),
            wire=wire,
        )


def _reason(status: Wire) -> str:
    """`latestExecError`, which is there with empty texts when nothing failed."""
    error = status.get("latestExecError") or {}
    return ": ".join(filter(None, (error.get("title"), error.get("code"), error.get("message"))))
