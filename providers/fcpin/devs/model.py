"""A pipeline and its tasks as the Devs API describes them, in our own words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from fcpin.devs.phase import Phase
from fcpin.errors import WrongShape
from fcpin.image import Digest, parse_digest
from fcpin.json_reader import JsonFields, Wire

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
    def from_wire(cls, wire: object, name: str = "") -> Self:
        """Read one JSON object of the API; absent keys but the name are empty.

        Raises WrongShape, also for another pipeline than *name*, where one is given.
        """
        fields = JsonFields(wire, f"pipeline {name}" if name else "a pipeline")
        found = fields.text("name", required=True)
        if name and found != name:
            raise WrongShape(f"expected pipeline {name}, got pipeline {found[:64]!r}")
        status = fields.object("status")
        word = status.text("phase")
        return cls(
            found, fields.text("uid"), fields.texts("labels"), Phase.of(word), word, _reason(status), fields.wire
        )


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
    def from_wire(cls, wire: object) -> Self:
        """Read one JSON object of the API; absent keys but the name are empty. Raises WrongShape."""
        fields = JsonFields(wire, "a task")
        status = fields.object("status")
        invocations = status.objects("invocations", "an invocation", required=False)
        latest = invocations[-1] if invocations else JsonFields({}, "an invocation")
        word, project = status.text("phase"), latest.text("slsProject")
        return cls(
            name=fields.text("name", required=True),
            labels=fields.texts("labels"),
            phase=Phase.of(word),
            word=word,
            reason=_reason(status),
            details=tuple(status.list_of_texts("executionDetails")),
            log=LogLocation(project, latest.text("slsLogStore")) if project else None,
            reported=frozenset(map(parse_digest, _DIGEST.findall(latest.text("output")))),
            wire=fields.wire,
        )


def _reason(status: JsonFields) -> str:
    """`latestExecError`, which is there with empty texts when nothing failed."""
    error = status.object("latestExecError")
    return ": ".join(filter(None, (error.text("title"), error.text("code"), error.text("message"))))
