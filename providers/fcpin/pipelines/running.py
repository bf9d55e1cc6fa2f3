"""Run a pipeline of Serverless Devs: submit, start, wait, and cancel it if it does not end by itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from fcpin.clock import Clock
from fcpin.errors import (
    BuildCanceled,
    BuildFailed,
    BuildTimedOut,
    PipelineDenied,
    PipelineError,
    PipelineExists,
    PipelineNotFound,
    PipelineRejected,
)
from fcpin.image import Digest
from fcpin.json_reader import Wire
from fcpin.pipelines.builder import Progress
from fcpin.pipelines.devs import DevsClient, LogLocation, Phase, Pipeline, Task

_NOT_CREATED: Final = (PipelineExists, PipelineDenied, PipelineRejected)
"""Errors of a creation after which there is no pipeline of ours to cancel."""
_LAST_LINES: Final = 5
"""Lines of a failed task's log that are shown."""
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
_PAUSE_GROWS: Final = 1.5


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A pipeline that succeeded."""

    pipeline: Pipeline
    tasks: Sequence[Task]
    """As far as the API returns them: possibly none."""

    @property
    def log(self) -> LogLocation | None:
        """The log of the first task that has one."""
        return next((task.log for task in self.tasks if task.log), None)

    @property
    def reported(self) -> frozenset[Digest]:
        """Every digest that a task reported. If there are any, the digest in the registry must be one of them."""
        return frozenset[Digest]().union(*(task.reported for task in self.tasks))


@dataclass(frozen=True, slots=True)
class Waiter:
    """Polls a pipeline until it ends or the deadline passes."""

    clock: Clock
    deadline: float
    """Seconds."""

    def wait(self, pipeline: Pipeline, get: Callable[[], Pipeline], progress: Progress) -> Pipeline:
        """Poll *get* until the pipeline has ended, with any result; report each new phase. Raises BuildTimedOut."""
        started, pause = self.clock.monotonic(), _FIRST_PAUSE
        progress(_phase_line(pipeline))
        while not pipeline.phase.is_final:
            left = started + self.deadline - self.clock.monotonic()
            if left <= 0:
                raise BuildTimedOut(
                    f"pipeline {pipeline.name}: still {pipeline.api_phase or 'without a phase'} after "
                    f"{self.deadline:g} s; raise `deadline`, or read its log"
                )
            self.clock.sleep(min(pause, left))
            pause = min(pause * _PAUSE_GROWS, _LONGEST_PAUSE)
            before, pipeline = pipeline, get()
            if pipeline.api_phase != before.api_phase:
                progress(_phase_line(pipeline))
        return pipeline


def run(client: DevsClient, document: Wire, waiter: Waiter, progress: Progress) -> FinishedRun:
    """Submit *document*, start it and wait for its success; report each new phase.

    If an error or an interruption comes before its end, the pipeline is cancelled.
    Raises PipelineError: PipelineExists, BuildFailed, BuildCanceled, BuildTimedOut and others.
    """
    name = str(document.get("name") or "")
    pipeline = None
    try:
        pipeline = client.create(document)
        if pipeline.phase is Phase.PENDING:
            pipeline = client.start(name)
        pipeline = waiter.wait(pipeline, lambda: client.get(name), progress)
    except BaseException as error:
        if pipeline is not None or not isinstance(error, _NOT_CREATED):
            _cancel(client, name, progress)
        raise
    tasks = _tasks(client, name)
    for task in tasks:
        if task.phase is Phase.FAILED:
            for line in task.details[-_LAST_LINES:]:
                progress(f"{task.name}: {line}")
    require_success(pipeline, tasks)
    return FinishedRun(pipeline, tasks)


def require_success(pipeline: Pipeline, tasks: Sequence[Task] = ()) -> None:
    """Raises BuildFailed or BuildCanceled, with the failed task and its log if *tasks* has them."""
    if pipeline.phase is Phase.SUCCESS:
        return
    failed = next((task for task in tasks if task.phase in {Phase.FAILED, Phase.CANCELED}), None)
    reason = pipeline.reason or (failed.reason if failed else "") or "the API returned no reason"
    log = failed.log if failed else None
    where = f"task {failed.name}, {log}" if failed and log else "the console of Serverless Devs"
    failure = BuildCanceled if pipeline.phase is Phase.CANCELED else BuildFailed
    raise failure(f"pipeline {pipeline.name}: {pipeline.api_phase}: {reason}; log: {where}")


def _cancel(client: DevsClient, name: str, progress: Progress) -> None:
    """Also for a pipeline that may not exist: the response to its creation may have been lost."""
    try:
        progress(f"pipeline {name}: {client.cancel(name).api_phase}")
    except PipelineNotFound:
        return
    except PipelineError as error:
        progress(f"pipeline {name}: could not be cancelled: {error}")


def _tasks(client: DevsClient, name: str) -> Sequence[Task]:
    """Return none if they cannot be listed: the pipeline has ended, which is what matters."""
    try:
        return client.tasks(name)
    except PipelineError:
        return ()


def _phase_line(pipeline: Pipeline) -> str:
    unknown = " (an unknown phase)" if pipeline.phase is Phase.UNKNOWN else ""
    return f"pipeline {pipeline.name}: {pipeline.api_phase or 'created'}{unknown}"
