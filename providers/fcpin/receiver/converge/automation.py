"""The Pulumi CLI, through Pulumi's Automation API.

Its lower half is used, `PulumiCommand`: `Stack.up` starts four more processes after and before each `up`, hands the
stack's secrets over in plain text, and keeps its process to itself (docs/adr/0019-one-run-one-folder.md).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CalledProcessError

from pulumi import automation
from pulumi.automation.errors import create_command_error

from fcpin.errors import StackError
from fcpin.receiver.converge.base import Progress
from fcpin.receiver.converge.locks import is_held_by
from fcpin.receiver.converge.run import Run
from fcpin.receiver.converge.said import reason
from fcpin.receiver.errors import ConvergenceFailed, StackBusy
from fcpin.stack import Engine
from fcpin.stack.project import Project


class Command(automation.PulumiCommand):
    """`pulumi` as one run starts it: it outlives the receiver, and can be interrupted."""

    def __init__(self, found: automation.PulumiCommand, run: Run, engine: Engine) -> None:
        self.command, self.version = found.command, found.version
        self._run, self._engine = run, engine
        self.said = ""
        """What the last command failed with; its exception tells everything that was printed."""

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: automation.OnOutput | None = None,
        on_error: automation.OnOutput | None = None,  # noqa: ARG002 - on_output gets both, in order
    ) -> automation.CommandResult:
        """Raises automation.CommandError, and ConvergenceFailed when it cannot be started or is interrupted."""
        environment = {**self._engine.environment, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        ended = self._run.execute([*self._engine.command, *args], Path(cwd), environment, on_output)
        result = automation.CommandResult(ended.stdout, ended.stderr, ended.code)
        if ended.code != 0:
            self.said = reason(ended)
            raise create_command_error(result)
        return result


class Automation:
    """`Program` over the Pulumi CLI."""

    def __init__(self, engine: Engine) -> None:
        """Raises StackError for a CLI that is older than the SDK can drive."""
        self._engine = engine
        try:
            self._found = automation.PulumiCommand()
        except (automation.InvalidVersionError, OSError, CalledProcessError) as error:
            raise StackError(f"pulumi: {error}") from None

    def execute(
        self, run: Run, arguments: Sequence[str], environment: Mapping[str, str], tell: Progress | None = None
    ) -> str:
        command = Command(self._found, run, self._engine)
        try:
            return command.run([*arguments], str(self._engine.folder), environment, tell).stdout
        except automation.ConcurrentUpdateError:
            raise StackBusy(command.said) from None
        except automation.CommandError:
            raise ConvergenceFailed(command.said) from None

    def release(self, run: Run, stack: str) -> None:
        """Only where the locks can be read, which is a `file://` backend. A service lets go of its own by time."""
        if run.left and is_held_by(run.left, self._backend(run), Project.find(self._engine.folder), stack):
            self.execute(run, ["cancel", "--yes", "--stack", stack], {})

    def _backend(self, run: Run) -> str:
        try:
            return str(json.loads(self.execute(run, ["whoami", "--json"], {}))["url"])
        except (ValueError, KeyError, TypeError):
            return ""
