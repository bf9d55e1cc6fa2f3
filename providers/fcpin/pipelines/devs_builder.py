"""The builder that runs a pipeline of Serverless Devs."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from fcpin.clock import Clock
from fcpin.errors import BuildFailed, PipelineError, PipelineExists
from fcpin.http.errors import is_denial
from fcpin.pipelines.builder import BuildReport, BuildRequest, Progress
from fcpin.pipelines.devs import DevsClient
from fcpin.pipelines.running import FinishedRun, Waiter
from fcpin.pipelines.running import run as run_pipeline

CancelOnExit = Callable[[str], AbstractContextManager[None]]
"""Cancels the pipeline of this name if the process ends before the block does."""

_ATTEMPTS: Final = 5
"""Names that are tried if each is taken."""
_DENIED: Final = (
    "the role AliyunFCServerlessDevsRole needs the right to write to ACR: AliyunContainerRegistryFullAccess, "
    "or a policy of your own"
)


@dataclass(frozen=True, slots=True)
class DevsBuilder:
    """Submits a pipeline with a name of its own for each build."""

    client: DevsClient
    clock: Clock
    cancel_on_exit: CancelOnExit

    def build(self, request: BuildRequest, progress: Progress) -> BuildReport:
        """Raises PipelineError; no pipeline is left running then."""
        for number in range(_ATTEMPTS):
            now = self.clock.now() + timedelta(milliseconds=number)
            try:
                finished = self.run(request.entry.document_at(request.commit, now), request.deadline, progress)
            except PipelineExists:
                continue
            return BuildReport(finished.pipeline.name, str(finished.log or ""), finished.reported)
        raise PipelineExists(f"{request.image}: {_ATTEMPTS} generated pipeline names exist already; run again")

    def run(self, document: Mapping[str, Any], deadline: float, progress: Progress) -> FinishedRun:
        """Submit a whole *document* and wait. Raises PipelineError; no pipeline is left running then."""
        name = document["name"]
        try:
            with self.cancel_on_exit(name):
                return run_pipeline(self.client, document, Waiter(self.clock, deadline), progress)
        except BuildFailed as error:
            if self._was_denied(name):
                raise BuildFailed(f"{error}; {_DENIED}") from None
            raise

    def _was_denied(self, name: str) -> bool:
        """Whether the build failed because the right to push was missing, by the error code of the API."""
        try:
            wires = [self.client.get(name).wire, *(task.wire for task in self.client.tasks(name))]
        except PipelineError:
            return False
        errors = [(wire.get("status") or {}).get("latestExecError") or {} for wire in wires]
        return any(is_denial(str(error.get("code") or "")) for error in errors)
