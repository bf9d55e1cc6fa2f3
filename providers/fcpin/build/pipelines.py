"""The builder that is a pipeline of Serverless Devs."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from fcpin.build.builder import BuildRequest, Built, Progress
from fcpin.clock import Clock
from fcpin.devs.client import DevsClient
from fcpin.devs.running import Finished
from fcpin.devs.running import run as run_to_its_end
from fcpin.devs.waiting import Waiter
from fcpin.errors import BuildFailed, PipelineError, PipelineExists
from fcpin.http.errors import is_denial
from fcpin.pipeline.named import at_commit

Guard = Callable[[str], AbstractContextManager[None]]
"""Cancels the pipeline of this name when the process ends before the block does."""

_NAMES: Final = 5
"""How many names are tried when each is taken."""
_DENIED: Final = (
    "the role AliyunFCServerlessDevsRole needs the right to write to ACR: AliyunContainerRegistryFullAccess, "
    "or a policy of your own"
)


@dataclass(frozen=True, slots=True)
class PipelineBuilder:
    """Submits a pipeline for each build, under a name that nobody has."""

    client: DevsClient
    clock: Clock
    guard: Guard

    def build(self, request: BuildRequest, progress: Progress) -> Built:
        """Raises PipelineError, once nothing is running any more."""
        for number in range(_NAMES):
            now = self.clock.now() + timedelta(milliseconds=number)
            try:
                finished = self.run(at_commit(request.spec, request.commit, now), request.deadline, progress)
            except PipelineExists:
                continue
            return Built(finished.pipeline.name, str(finished.log or ""), finished.reported)
        raise PipelineExists(f"{request.image}: {_NAMES} names of pipelines are taken; run it again")

    def run(self, document: Mapping[str, Any], deadline: float, progress: Progress) -> Finished:
        """Submit a whole *document*, and wait. Raises PipelineError, once nothing is running any more."""
        name = document["name"]
        try:
            with self.guard(name):
                return run_to_its_end(self.client, document, Waiter(self.clock, deadline), progress)
        except BuildFailed as error:
            if self._was_denied(name):
                raise BuildFailed(f"{error}; {_DENIED}") from None
            raise

    def _was_denied(self, name: str) -> bool:
        """Whether it was the right to push that was missing, by the code of the API's error."""
        try:
            wires = [self.client.get(name).wire, *(task.wire for task in self.client.tasks(name))]
        except PipelineError:
            return False
        errors = [(wire.get("status") or {}).get("latestExecError") or {} for wire in wires]
        return any(is_denial(str(error.get("code") or "")) for error in errors)
