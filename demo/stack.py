"""The stack `local` of this project in a folder of its own, pointed at the demo's cloud."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from demo.narrator import FCPIN, Engine, Narrator
from demo.registry import Registries

ROOT: Final = Path(__file__).parent.parent


@dataclass
class Stack:
    """Runs the engine's commands in its folder."""

    folder: Path
    engine: Engine
    narrator: Narrator
    registries: Registries

    def prepare(self, config: Mapping[str, Any] | None = None, program: Path = ROOT / "__main__.py") -> None:
        """Copy the program and its stack, and point the stack's endpoints at the registries and the cloud.

        *config* replaces the stack's own functions.
        """
        shutil.copy(program, self.folder / "__main__.py")
        project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
        project["runtime"]["options"]["virtualenv"] = sys.prefix
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project, sort_keys=False))
        (self.folder / "stacks").mkdir()
        (self.folder / "state").mkdir()
        stack = yaml.safe_load((ROOT / "stacks" / "Pulumi.local.yaml").read_text())
        cloud = self.registries.cloud
        stack["config"]["fcpin:endpoints"] = {"fc": cloud.url, "cr": cloud.url, "devs": cloud.url}
        stack["config"]["fcpin:registries"] = self.registries.settings
        if config is not None:
            del stack["config"]["fcpin:functions"]
            stack["config"] |= config
        self._write(stack)
        self.narrator.environment |= {
            "PYTHONPATH": str(ROOT),
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "local",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "DOCKER_CONFIG": str(self.registries.docker_config),
            "ALIBABA_CLOUD_ACCESS_KEY_ID": cloud.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": cloud.access_key_secret,
        }
        if self.engine == "pulumi":  # the embedded engine creates the stack at the first `up`
            self.run("stack init")

    def set(self, key: str, value: Any) -> None:
        """Change the stack's configuration."""
        stack = yaml.safe_load(self._file.read_text())
        stack["config"][key] = value
        self._write(stack)
        self.narrator.write(f"stacks/{self._file.name}:\n")
        self.narrator.write_file(yaml.safe_dump({key: value}, sort_keys=False))

    def add(self, name: str, entry: dict[str, Any]) -> None:
        """One more function in the stack's configuration."""
        stack = yaml.safe_load(self._file.read_text())
        stack["config"]["fcpin:functions"][name] = entry
        self._write(stack)
        self.narrator.write("a new entry under fcpin:functions of stacks/Pulumi.local.yaml:\n")
        self.narrator.write_file(yaml.safe_dump({name: entry}, sort_keys=False))

    def run(self, command: str, *flags: str, code: int = 0) -> str:
        """Run a command of the engine on the stack `local`, which exits with *code*; return its output."""
        return self.narrator.run([*self._program, *command.split(), "--stack", "local", *flags], code=code)

    @property
    def _program(self) -> Sequence[str]:
        return ["pulumi", "--non-interactive"] if self.engine == "pulumi" else [*FCPIN, "engine"]

    @property
    def _file(self) -> Path:
        return self.folder / "stacks" / "Pulumi.local.yaml"

    def _write(self, stack: dict[str, Any]) -> None:
        self._file.write_text(yaml.safe_dump(stack, sort_keys=False))
