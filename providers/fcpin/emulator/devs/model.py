"""What Serverless Devs remembers of pipelines and their tasks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

Json = dict[str, Any]
"""A JSON object, as it is on the wire."""

TroubleKind = Literal["fail", "hang", "vpc", "digest", "stuck-conversion", "failed-conversion"]


@dataclass
class ExecError:
    """Why something failed: `latestExecError`. Empty when nothing did."""

    code: str = ""
    message: str = ""
    title: str = ""

    @property
    def wire(self) -> Json:
        return {"code": self.code, "message": self.message, "title": self.title, "requestId": "", "extraInfo": ""}


@dataclass
class InjectedFailure:
    """What is to go wrong with the next build that it can happen to."""

    kind: TroubleKind
    code: str = ""
    message: str = ""
    log: str = ""


@dataclass
class Event:
    """Something that a running task will do, at *due* on the emulator's clock."""

    due: float
    kind: Literal["log", "push", "success", "failure"]
    text: str
    """A line of the log, the image to push, or why it failed."""
    code: str = ""
    """Of a failure."""
    content: str = ""
    """Of a push: what the image is made of."""
    reported: str = ""
    """Of a push: the image that the task claims to push, where it is another one."""


@dataclass
class TaskRecord:
    """A task: one of a pipeline, or one by itself."""

    name: str
    uid: str
    created: float
    description: str
    labels: dict[str, str]
    template: str
    data: Json
    """`spec.context.data`, with that of its pipeline beneath."""
    pipeline: str = ""
    step: str = ""
    """What the pipeline calls it."""
    run_afters: list[str] = field(default_factory=list)
    enabled: bool = True
    phase: str = "pending"
    error: ExecError = field(default_factory=ExecError)
    version: int = 1
    status_generation: int = 0
    """Counts its runs."""
    log: list[str] = field(default_factory=list)
    invocations: list[Json] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    """What a run has still before it."""


@dataclass
class PipelineRecord:
    """A pipeline: one execution, under a name of its own for ever."""

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


class Phase(StrEnum):
    """The ID in this emulator, not the one on the wire."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELED = "canceled"
    SKIPPED = "skipped"


FINISHED = frozenset({Phase.SUCCESS, Phase.FAILED, Phase.CANCELED, Phase.SKIPPED})
PASSED = frozenset({Phase.SUCCESS, Phase.SKIPPED})
"""What a task that runs after another one asks of it."""

Vocabulary = Literal["likely", "other"]
"""`likely` has `Success`, the only documented word, and `Created`, of a sample of a status of the same make."""
WORDS: Mapping[Vocabulary, Mapping[Phase, str]] = {
    "likely": {phase: phase.value.capitalize() for phase in Phase} | {Phase.PENDING: "Created"},
    "other": {
        Phase.PENDING: "Pending",
        Phase.RUNNING: "Executing",
        Phase.SUCCESS: "Succeeded",
        Phase.FAILED: "Error",
        Phase.CANCELED: "Cancelled",
        Phase.SKIPPED: "Ignored",
    },
}
