"""Records of pipelines and their tasks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

Json = dict[str, Any]
"""A JSON object, as it is on the wire."""

FailureKind = Literal["fail", "hang", "vpc", "digest", "stuck-conversion", "failed-conversion"]


@dataclass
class ExecError:
    """`latestExecError`. Empty when there is none."""

    code: str = ""
    message: str = ""
    title: str = ""

    @property
    def wire(self) -> Json:
        return {"code": self.code, "message": self.message, "title": self.title, "requestId": "", "extraInfo": ""}


@dataclass
class InjectedFailure:
    """A failure for the next build that it applies to."""

    kind: FailureKind
    code: str = ""
    message: str = ""
    log: str = ""


@dataclass
class TaskEvent:
    """A future step of a running task, at *due* on the emulator's clock."""

    due: float
    kind: Literal["log", "push", "success", "failure"]
    text: str
    """A line of the log, the image to push, or the reason of a failure."""
    code: str = ""
    """Of a failure."""
    content: str = ""
    """Of a push: the content of the image."""
    reported: str = ""
    """Of a push: the content whose digest the task reports."""


@dataclass
class TaskRecord:
    """A task of a pipeline, or a task without one."""

    name: str
    uid: str
    created: float
    description: str
    labels: dict[str, str]
    template: str
    data: Json
    """`spec.context.data` over that of its pipeline."""
    pipeline: str = ""
    step: str = ""
    """The task's name in the pipeline."""
    run_afters: list[str] = field(default_factory=list)
    enabled: bool = True
    phase: str = "pending"
    error: ExecError = field(default_factory=ExecError)
    version: int = 1
    status_generation: int = 0
    """Counts its runs."""
    log: list[str] = field(default_factory=list)
    invocations: list[Json] = field(default_factory=list)
    events: list[TaskEvent] = field(default_factory=list)
    """The remaining events of a run."""


@dataclass
class PipelineRecord:
    """A pipeline: one execution. Its name is never free again."""

    name: str
    uid: str
    created: float
    description: str
    labels: dict[str, str]
    spec: Json
    tasks: list[str]
    """Names of its TaskRecords, in the order of the specification."""
    phase: str = "pending"
    error: ExecError = field(default_factory=ExecError)
    version: int = 1


class RunPhase(StrEnum):
    """The phase in a record; `WORDS` maps it to the word on the wire."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELED = "canceled"
    SKIPPED = "skipped"


FINISHED = frozenset({RunPhase.SUCCESS, RunPhase.FAILED, RunPhase.CANCELED, RunPhase.SKIPPED})
PASSED = frozenset({RunPhase.SUCCESS, RunPhase.SKIPPED})
"""Phases after which the next task of a pipeline may start."""

Vocabulary = Literal["likely", "other"]
"""`likely` has `Success`, the only documented word, and `Created`, from a sample of a similar status."""
WORDS: Mapping[Vocabulary, Mapping[RunPhase, str]] = {
    "likely": {phase: phase.value.capitalize() for phase in RunPhase} | {RunPhase.PENDING: "Created"},
    "other": {
        RunPhase.PENDING: "Pending",
        RunPhase.RUNNING: "Executing",
        RunPhase.SUCCESS: "Succeeded",
        RunPhase.FAILED: "Error",
        RunPhase.CANCELED: "Cancelled",
        RunPhase.SKIPPED: "Ignored",
    },
}
