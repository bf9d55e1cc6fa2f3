"""The embedded engine: `python -m engine`, where no Pulumi CLI is."""

from collections.abc import Mapping, Sequence

from fcpin.stack import Engine
from receiver.converge.base import Progress
from receiver.converge.run import Run
from receiver.converge.said import reason
from receiver.errors import ConvergenceFailed, Interrupted


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
            raise ConvergenceFailed(reason(ended))
        return ended.stdout

    def release(self, run: Run, stack: str) -> None:
        """Without `--yes` the engine itself sees to it that only locks of processes go that are gone."""
        try:
            self.execute(run, ["cancel", "--stack", stack], {})
        except Interrupted:
            raise
        except ConvergenceFailed:
            return  # somebody is at work: what comes next says so
