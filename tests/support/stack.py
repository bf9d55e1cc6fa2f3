"""A Pulumi stack of fcpin's own program, run as users run it: by the embedded engine or by the Pulumi CLI."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import yaml

from fcpin.engine.crypter import Crypter

ROOT: Final = Path(__file__).parent.parent.parent
ENGINES: Final[Mapping[str, list[str]]] = {
    "embedded": [sys.executable, "-m", "fcpin.engine"],
    "pulumi": ["pulumi", "--non-interactive", "--color", "never", "--logtostderr"],
}
PASSPHRASE: Final = "correct horse battery staple"
_TIMEOUT: Final = 120.0


@dataclass(frozen=True, slots=True)
class Run:
    """What a command answered."""

    code: int
    output: str
    """Standard output and standard error, as they came."""

    @property
    def has_traceback(self) -> bool:
        """Whether a provider's traceback is shown. One of the CLI's language host is the CLI's own: it interrupts it."""
        return re.search(r'File ".*(pulumi/dynamic/__main__\.py|/fcpin/|/engine/)', self.output) is not None

    def __str__(self) -> str:
        return f"exit {self.code}\n{self.output}"


@dataclass
class Stack:
    """A stack in a folder of its own, with its own state."""

    folder: Path
    engine: str
    environment: dict[str, str] = field(default_factory=dict)
    name: str = "test"

    def __post_init__(self) -> None:
        self.runs = 0
        if self.folder.exists():
            return
        (self.folder / "stacks").mkdir(parents=True)
        (self.folder / "state").mkdir()
        shutil.copy(ROOT / "__main__.py", self.folder)
        project = {"name": "shop", "runtime": "python", "stackConfigDir": "stacks"}
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))

    def sibling(self, name: str) -> "Stack":
        """Another stack of the same project."""
        return replace(self, name=name)

    def configure(self, functions: Any, **settings: Any) -> None:
        """Write the stack's configuration: `fcpin:functions` unless it is None, and *settings* as `fcpin:` keys."""
        config = {"alicloud:region": settings.pop("region", "cn-hangzhou")}
        config |= {} if functions is None else {"fcpin:functions": functions}
        config |= {f"fcpin:{key}": value for key, value in settings.items()}
        old = yaml.safe_load(self._config.read_text()) if self._config.exists() else {}
        self._config.write_text(yaml.safe_dump({**old, "config": config}))

    def seal(self, text: str) -> dict[str, str]:
        """*text* as `pulumi config set --secret` writes it; the stack must have been configured."""
        settings = yaml.safe_load(self._config.read_text())
        if "encryptionsalt" not in settings:
            settings["encryptionsalt"] = Crypter.create(PASSPHRASE).salt
            self._config.write_text(yaml.safe_dump(settings))
        crypter = Crypter.open(PASSPHRASE, settings["encryptionsalt"])
        return {"secure": crypter.encrypt(text)}

    def begin(self) -> None:
        """Create the stack with the Pulumi CLI; the embedded engine needs its configuration only."""
        if self.engine == "pulumi":
            done = self.run("stack init")
            assert done.code == 0, done

    def preview(self, *flags: str) -> Run:
        return self.run("preview", *flags)

    def up(self, *flags: str) -> Run:
        return self.run("up", "--yes", *flags)

    def refresh(self, *flags: str) -> Run:
        """Without a question; `--preview-only` asks none."""
        return self.run("refresh", *(() if "--preview-only" in flags else ("--yes",)), *flags)

    def destroy(self, *flags: str) -> Run:
        return self.run("destroy", "--yes", *flags)

    def run(self, command: str, *flags: str, engine: str | None = None) -> Run:
        """Run a command of the engine to its end. Each of its messages is one line, unless the environment has COLUMNS."""
        return self._run(self.command(command, *flags, engine=engine), {"COLUMNS": "100000"})

    def fcpin(self, command: str, *flags: str) -> Run:
        """Run a command of fcpin on the stack, which asks the engine, to its end."""
        where = ["--stack", self.name, "--engine", self.engine]
        return self._run([sys.executable, "-m", "fcpin", *command.split(), *flags, *where])

    def _run(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Run:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**(environment or {}), **self.process_environment()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
        self.runs += 1
        return Run(done.returncode, done.stdout)

    def command(self, command: str, *flags: str, engine: str | None = None) -> list[str]:
        return [*ENGINES[engine or self.engine], *command.split(), "--stack", self.name, *flags]

    def process_environment(self) -> dict[str, str]:
        mine = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
        }
        kept = {name: os.environ[name] for name in ("LANG", "TMPDIR", "SSL_CERT_FILE") if name in os.environ}
        return {**kept, **mine, **self.environment}

    @property
    def state_file(self) -> Path:
        return self.folder / "state" / ".pulumi" / "stacks" / "shop" / f"{self.name}.json"

    def resources(self) -> list[dict[str, Any]]:
        """The pins in the stack's state."""
        document = json.loads(self.state_file.read_text())
        found: list[dict[str, Any]] = document["checkpoint"]["latest"].get("resources") or []
        return [resource for resource in found if resource["type"].startswith("pulumi-python:dynamic")]

    @property
    def _config(self) -> Path:
        return self.folder / "stacks" / f"Pulumi.{self.name}.yaml"
