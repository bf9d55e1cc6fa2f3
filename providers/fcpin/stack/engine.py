"""The engine that the user has, run as a program: the Pulumi CLI, else the embedded engine.

Both have the same commands and the same JSON. Secrets of the configuration come in plain text over a pipe and stay in
memory; nothing secret is ever an argument.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from fcpin.errors import InvalidSettings, Problem, StackError
from fcpin.json_reader import read_json

CHOICES: Final = ("auto", "embedded", "pulumi")
_CLI: Final = ("pulumi", "--non-interactive", "--color", "never")
_EMBEDDED: Final = (sys.executable, "-m", "fcpin.engine")
_LONGEST: Final = 120.0
"""Seconds; a backend in the cloud may be slow."""
_MARK: Final = "error: "


@dataclass(frozen=True, slots=True)
class Engine:
    """A way to start an engine in the folder of a project."""

    name: str
    """As the user types it: `pulumi` or `fcpin engine`."""
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def find(cls, wanted: str | None, folder: Path, environment: Mapping[str, str] = os.environ) -> Self:
        """The engine called *wanted*; None takes that of `ENGINE`, and `auto` takes the CLI where it is on PATH.

        Raises InvalidSettings for any other word, StackError when there is no such engine here.
        """
        wanted = wanted or environment.get("ENGINE") or "auto"
        if wanted not in CHOICES:
            raise InvalidSettings(Problem("ENGINE", f"expected {', '.join(CHOICES)}, got {wanted!r}"))
        if not folder.is_dir():
            raise InvalidSettings(Problem("--cwd", f"{folder} is not a folder"))
        if wanted != "embedded" and shutil.which(_CLI[0], path=environment.get("PATH")):
            return cls("pulumi", _CLI, folder, environment)
        if wanted != "pulumi":
            return cls("fcpin engine", _EMBEDDED, folder, environment)
        raise StackError("pulumi is not on PATH; install the Pulumi CLI, or use the embedded engine (ENGINE=embedded)")

    def config(self, stack: str) -> Mapping[str, str]:
        """The stack's configuration, `namespace:key` to text; objects as JSON text, secrets in plain text."""
        answer = self._ask(stack, "config", "--json", "--show-secrets")
        if not all(isinstance(entry, dict) for entry in answer.values()):
            raise StackError(f"{self._where(stack)}: config returned no settings by name")
        return {key: str(entry["value"]) for key, entry in answer.items() if "value" in entry}

    def resources(self, stack: str) -> list[Mapping[str, Any]]:
        """The resources in the stack's state, secrets sealed."""
        deployment = self._ask(stack, "stack", "export").get("deployment")
        if not isinstance(deployment, dict):
            raise StackError(f"{self._where(stack)}: stack export returned no deployment")
        found = deployment.get("resources") or []
        if not isinstance(found, list) or not all(isinstance(resource, dict) for resource in found):
            raise StackError(f"{self._where(stack)}: stack export returned resources of another shape")
        return found

    def _where(self, stack: str) -> str:
        return f"stack {stack} ({self.name})"

    def _ask(self, stack: str, *command: str) -> dict[str, Any]:
        where = self._where(stack)
        try:
            done = subprocess.run(
                [*self.command, *command, "--stack", stack],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_LONGEST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise StackError(f"{where}: {' '.join(command)} did not end within {_LONGEST:g} s") from None
        except OSError as error:
            raise StackError(f"{where}: cannot be started ({error.strerror})") from None
        if done.returncode != 0:
            raise StackError(f"{where}: {_error_line(done.stderr)}")
        try:
            answer = read_json(done.stdout)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise StackError(f"{where}: {' '.join(command)} did not return a JSON object")
        return answer


def _error_line(stderr: bytes) -> str:
    """The line of an engine's error."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix(_MARK) for line in lines if line.startswith(_MARK)]
    return (errors or lines[-1:] or ["exited without an error message"])[0]
