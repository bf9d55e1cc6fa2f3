"""Run a pipeline from its submission to its end, and leave none running behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fcpin.devs.client import DevsClient
from fcpin.devs.model import LogLocation, Pipeline, Task
from fcpin.devs.phase import Phase
from fcpin.devs.waiting import Tell, Waiter, check_success
from fcpin.errors import PipelineDenied, PipelineError, PipelineExists, PipelineNotFound, PipelineRejected
from fcpin.image import Digest
from fcpin.json_reader import Wire

_REFUSALS: Final = (PipelineExists, PipelineDenied, PipelineRejected)
"""Of a creation: there is no pipeline, or it is somebody else's."""
_SHOWN: Final = 5
"""Last lines of a failed task that are told."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A pipeline that has succeeded."""

    pipeline: Pipeline
    tasks: Sequence[Task]
    """As far as the API tells them: maybe none."""

    @property
    def log(self) -> LogLocation | None:
        """Where the log of the first task that has one is."""
        return next((task.log for task in self.tasks if task.log), None)

    @property
    def reported(self) -> frozenset[Digest]:
        """Every digest that a task reported. What is in the registry has to be one of them, where there are any."""
        return frozenset[Digest]().union(*(task.reported for task in self.tasks))


def run(client: DevsClient, document: Wire, waiter: Waiter, tell: Tell) -> Finished:
    """Submit *document*, start it and wait for its success; each new phase is told.

    Whatever happens before it has ended (an interruption too), it is cancelled.
    Raises PipelineError: PipelineExists, BuildFailed, BuildCanceled, BuildTimedOut …
    """
    name = str(document.get("name") or "")
    pipeline = None
    try:
        pipeline = client.create(document)
        if pipeline.phase is Phase.PENDING:
            pipeline = client.start(name)
        pipeline = waiter.settle(pipeline, lambda: client.get(name), tell)
    except BaseException as error:
        is_refused = pipeline is None and isinstance(error, _REFUSALS)
        if not is_refused:
            _cancel(client, name, tell)
        raise
    tasks = _tasks(client, name)
    for task in tasks:
        if task.phase is Phase.FAILED:
            for line in task.details[-_SHOWN:]:
                tell(f"{task.name}: {line}")
    check_success(pipeline, tasks)
    return Finished(pipeline, tasks)


def _cancel(client: DevsClient, name: str, tell: Tell) -> None:
    """Also one that may not be there: the answer to its creation was lost."""
    try:
        tell(f"pipeline {name}: {client.cancel(name).word}")
    except PipelineNotFound:
        return
    except PipelineError as error:
        tell(f"not cancelled: {error}")


def _tasks(client: DevsClient, name: str) -> Sequence[Task]:
    """None where they cannot be had: the pipeline has ended, and that is what counts."""
    try:
        return client.tasks(name)
    except PipelineError:
        return ()
