"""The Pulumi CLI, through `PulumiCommand` of Pulumi's Automation API.

`Stack.up` of that API is not used: it starts four more processes around each `up`, returns the stack's secrets in plain
text, and cannot be interrupted (docs/adr/0019-one-run-one-folder.md).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CalledProcessError

from pulumi import automation
from pulumi.automation.errors import create_command_error

from fcpin.errors import StackError
from fcpin.receiver.converge.engine_run import Progress, Run
from fcpin.receiver.converge.engines import engine_errors, is_held_by
from fcpin.receiver.errors import ConvergenceFailed, StackBusy
from fcpin.stack import Engine
from fcpin.stack.project import Project


class _Command(automation.PulumiCommand):
    """`pulumi` in a process that outlives the receiver, and can be interrupted."""

    def __init__(self, found: automation.PulumiCommand, run: Run, engine: Engine) -> None:
        self.command, self.version = found.command, found.version
        self._run, self._engine = run, engine
        self.errors = ""
        """Of the last command; its exception holds everything that was printed."""

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
            self.errors = engine_errors(ended)
            raise create_command_error(result)
        return result


class PulumiCli:
    """`Program` over the Pulumi CLI."""

    def __init__(self, engine: Engine) -> None:
        """Raises StackError for a CLI that is older than the SDK supports."""
        self._engine = engine
        try:
            self._found = automation.PulumiCommand()
        except (automation.InvalidVersionError, OSError, CalledProcessError) as error:
            raise StackError(f"pulumi: {error}") from None

    def execute(
        self, run: Run, arguments: Sequence[str], environment: Mapping[str, str], progress: Progress | None = None
    ) -> str:
        command = _Command(self._found, run, self._engine)
        try:
            return command.run([*arguments], str(self._engine.folder), environment, progress).stdout
        except automation.ConcurrentUpdateError:
            raise StackBusy(command.errors) from None
        except automation.CommandError:
            raise ConvergenceFailed(command.errors) from None

    def release(self, run: Run, stack: str) -> None:
        """Only where the locks can be read, which is a `file://` backend. Pulumi Cloud expires its own."""
        if run.killed and is_held_by(run.killed, self._backend(run), Project.find(self._engine.folder), stack):
            self.execute(run, ["cancel", "--yes", "--stack", stack], {})

    def _backend(self, run: Run) -> str:
        try:
            return str(json.loads(self.execute(run, ["whoami", "--json"], {}))["url"])
        except (ValueError, KeyError, TypeError):
            return ""
