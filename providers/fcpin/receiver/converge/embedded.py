"""The embedded engine: `fcpin engine`, where no Pulumi CLI is."""

from collections.abc import Mapping, Sequence

from fcpin.receiver.converge.base import Progress
from fcpin.receiver.converge.locks import is_held, is_held_by
from fcpin.receiver.converge.run import Run
from fcpin.receiver.converge.said import reason
from fcpin.receiver.errors import ConvergenceFailed, StackBusy
from fcpin.stack import Engine
from fcpin.stack.project import Project


class Embedded:
    """`Program` over an engine that is a Python module."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def execute(
        self, run: Run, arguments: Sequence[str], environment: Mapping[str, str], tell: Progress | None = None
    ) -> str:
        engine = self._engine
        ended = run.execute([*engine.command, *arguments], engine.folder, {**engine.environment, **environment}, tell)
        if ended.code != 0:
            held = is_held(*self._backend(), run.stack)  # its own lock is gone by now
            raise (StackBusy if held else ConvergenceFailed)(reason(ended))
        return ended.stdout

    def release(self, run: Run, stack: str) -> None:
        if run.left and is_held_by(run.left, *self._backend(), stack):
            self.execute(run, ["cancel", "--yes", "--stack", stack], {})

    def _backend(self) -> tuple[str, Project]:
        project = Project.find(self._engine.folder)
        return self._engine.environment.get("PULUMI_BACKEND_URL") or project.backend or "file://~", project
