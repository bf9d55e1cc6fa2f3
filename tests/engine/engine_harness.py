"""A copy of the workshop project with a backend of its own, and verbs to run the engine or the Pulumi CLI in it."""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from fcpin.engine.__main__ import main
from fcpin.engine.crypter import Crypter, crypter_of
from tests.support.signals import interruptible

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PATIENCE = 30.0
"""Seconds after which a test that waits for another process gives up."""


@dataclass(frozen=True)
class Result:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """These variables of the environment, and the handlers of signals as they were afterwards."""
    before = dict(os.environ)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    os.environ.clear()
    os.environ.update(variables)
    crypter_of.cache_clear()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


class EngineHarness:
    """One project, one stack named `dev`."""

    def __init__(self, directory: Path) -> None:
        self.project = directory / "project"
        self.backend = directory / "backend"
        self.journal = directory / "journal"
        shutil.copytree(HERE / "projects" / "workshop", self.project)
        (self.project / "stacks").mkdir()
        self.config("{}")
        (self.journal / "cloud").mkdir(parents=True)
        self.backend.mkdir()
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")},
            "COLUMNS": "100000",  # each message is one line
            "JOURNAL": str(self.journal),
            "PULUMI_BACKEND_URL": f"file://{self.backend}",
            "PULUMI_CONFIG_PASSPHRASE": "correct horse",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "providers"), str(HERE / "projects" / "plugins")]),
        }

    # what the user writes

    def program(self, text: str) -> None:
        """The program; `Item` and `Box` and pulumi's common names are imported."""
        head = "import pulumi\nfrom pulumi import Output, ResourceOptions, export\nfrom journal import Box, Item\n"
        (self.project / "__main__.py").write_text(head + textwrap.dedent(text))

    def config(self, text: str, stack: str = "dev") -> None:
        """Pulumi.<stack>.yaml."""
        (self.project / "stacks" / f"Pulumi.{stack}.yaml").write_text(textwrap.dedent(text))

    def salted(self, stack: str = "dev") -> Crypter:
        """Pulumi.<stack>.yaml with a salt, as `pulumi stack init` writes it; gives what encrypts for that stack."""
        crypter = Crypter.create(self.environment["PULUMI_CONFIG_PASSPHRASE"])
        self.config(f"encryptionsalt: {crypter.salt}\n", stack)
        return crypter

    # what the user does

    def run(self, *arguments: str, stack: str | None = "dev", given: str = "", **environment: str) -> Result:
        """Run `fcpin engine` to its end."""
        process = self.start(*arguments, stack=stack, **environment)
        out, err = process.communicate(given, timeout=PATIENCE * 4)
        return Result(process.returncode, out, err)

    def up(self, *arguments: str) -> Result:
        """`up` without a preview; the caller looks at the code."""
        return self.run("up", "--skip-preview", *arguments)

    def run_here(self, *arguments: str, stack: str | None = "dev") -> Result:
        """Run `fcpin engine` in this process: for what ends before the program or the plugin starts."""
        named = ["--stack", stack] if stack else []
        out, err = io.StringIO(), io.StringIO()
        with _environment(self.environment), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([*arguments, *named, "--cwd", str(self.project)])
        return Result(code, out.getvalue(), err.getvalue())

    def start(self, *arguments: str, stack: str | None = "dev", **environment: str) -> subprocess.Popen[str]:
        """Run `fcpin engine` without waiting for it."""
        named = ["--stack", stack] if stack else []
        return interruptible(
            [sys.executable, "-m", "fcpin.engine", *arguments, *named],
            cwd=self.project,
            env={**self.environment, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    # what happens meanwhile

    def fail(self, method: str, key: str, text: str = "no luck today") -> Path:
        """Let the provider's method raise for that item, until the file is removed."""
        path = self.journal / f"{method}-{key}.fail"
        path.write_text(text)
        return path

    def hold(self, point: str) -> Path:
        """Let the provider wait at `<method>-<key>.before|after`, until the file is removed."""
        path = self.journal / point
        path.touch()
        return path

    def reached(self, point: str) -> None:
        """Return when the provider waits there."""
        self.wait_for(lambda: (self.journal / f"{point}.reached").exists(), point)

    def wait_for(self, condition: Any, what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {PATIENCE:.0f} s for {what}")
            time.sleep(0.005)

    def kill(self, process: subprocess.Popen[str]) -> None:
        """kill -9 the engine, and wait until everything that it started is gone too."""
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=PATIENCE)
        gone, alive = psutil.wait_procs(family, timeout=PATIENCE)
        assert not alive, f"orphans: {[p.cmdline() for p in alive]}"
        assert len(gone) == len(family)

    # what is there afterwards

    @property
    def state_file(self) -> Path:
        return self.backend / ".pulumi" / "stacks" / "workshop" / "dev.json"

    def state(self) -> Mapping[str, Any]:
        """`checkpoint.latest` of the state file."""
        latest: Mapping[str, Any] = json.loads(self.state_file.read_text())["checkpoint"]["latest"]
        return latest

    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        """The items in the state, by name; those that wait for deletion have a `-`."""
        return {
            raw["urn"].rpartition("::")[2] + ("-" if raw.get("delete") else ""): raw
            for raw in self.state().get("resources", [])
            if raw["type"].startswith("pulumi-python:dynamic")
        }

    def cloud(self) -> Mapping[str, Mapping[str, Any]]:
        """What exists, by key."""
        return {path.stem: json.loads(path.read_text()) for path in sorted((self.journal / "cloud").glob("*.json"))}

    def tamper(self, key: str, **properties: Any) -> None:
        """Change an item behind the engine's back; without properties, remove it."""
        path = self.journal / "cloud" / f"{key}.json"
        if properties:
            path.write_text(json.dumps({**json.loads(path.read_text()), **properties}))
        else:
            path.unlink()

    def calls(self, *methods: str) -> Sequence[Mapping[str, Any]]:
        """The provider's calls so far, or those of the given methods."""
        path = self.journal / "calls.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        calls = [json.loads(line) for line in lines]
        return [call for call in calls if not methods or call["method"] in methods]

    def named_calls(self, *methods: str) -> list[str]:
        """The same, as `method key`."""
        return [f"{call['method']} {call['key']}" for call in self.calls(*methods)]

    def forget_calls(self) -> None:
        (self.journal / "calls.jsonl").unlink(missing_ok=True)
