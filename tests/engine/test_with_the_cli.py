"""The engine and the Pulumi CLI do the same: equal calls of the provider, equal states, and each goes on where the other was."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from fcpin.engine.crypter import Crypter
from tests.engine.engine_harness import HERE, EngineHarness, Result

pytestmark = [
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH"),
    pytest.mark.skipif(
        importlib.util.find_spec("pip") is None, reason="the Pulumi CLI needs pip in the program's environment"
    ),
]


class Both:
    """The same program in two stacks: one is the CLI's, one is the engine's."""

    def __init__(self, directory: Path) -> None:
        self.clis = EngineHarness(directory / "clis")
        self.ours = EngineHarness(directory / "ours")
        self._home = directory / "home"
        for engine in (self.clis, self.ours):
            shutil.copy(HERE / "projects" / "everything" / "__main__.py", engine.project / "__main__.py")
        self.clis.config("")
        self.cli(self.clis, "stack", "init")
        self.cli(self.clis, "config", "set", "--secret", "pw", "hunter2")
        self._settings = self._file(self.clis).read_text()

    def _file(self, engine: EngineHarness) -> Path:
        return engine.project / "stacks" / "Pulumi.dev.yaml"

    def stage(self, number: int) -> None:
        for engine in (self.clis, self.ours):
            self._file(engine).write_text(f"{self._settings}  workshop:stage: {number}\n")

    def cli(self, engine: EngineHarness, *arguments: str) -> Result:
        """Run the Pulumi CLI in *engine*; it has to succeed."""
        environment = {
            **engine.environment,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PULUMI_HOME": str(self._home),
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        done = subprocess.run(
            ["pulumi", *arguments, "--stack", "dev", "--non-interactive"],
            cwd=engine.project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    def run(self, engine: EngineHarness, *arguments: str) -> Result:
        result = engine.run(*arguments)
        assert result.code == 0, result.text
        return result

    def calls(self, engine: EngineHarness, *methods: str) -> list[str]:
        """The provider's calls since the last time, without order and process ids."""
        calls = [{key: value for key, value in call.items() if key != "pid"} for call in engine.calls(*methods)]
        engine.forget_calls()
        return sorted(json.dumps(call, sort_keys=True) for call in calls)

    def each_sees_no_changes_in_the_others(self) -> None:
        self.cli(self.ours, "preview", "--expect-no-changes")
        self.run(self.clis, "preview", "--expect-no-changes")
        for engine in (self.clis, self.ours):
            engine.forget_calls()


def normalised(engine: EngineHarness) -> Sequence[Mapping[str, Any]]:
    """The state without what two runs of the same engine would not share either: times, random ids, ciphertexts."""
    salt = engine.state()["secrets_providers"]["state"]["salt"]
    crypter = Crypter.open(engine.environment["PULUMI_CONFIG_PASSPHRASE"], salt)
    text = json.dumps([_normal(raw) for raw in engine.state().get("resources", [])])
    text = re.sub(
        r'"ciphertext": "([^"]*)"', lambda match: f'"plaintext": {json.dumps(crypter.decrypt(match[1]))}', text
    )
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>", text)
    return sorted(json.loads(text), key=lambda raw: (raw["urn"], bool(raw.get("delete"))))


def _normal(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        **{
            key: value
            for key, value in raw.items()
            if key not in ("created", "modified", "sourcePosition", "stackTrace")
        },
        "dependencies": sorted(raw.get("dependencies", [])),
        "propertyDependencies": {k: sorted(v) for k, v in raw.get("propertyDependencies", {}).items() if v},
    }


@pytest.fixture
def both(tmp_path: Path) -> Both:
    return Both(tmp_path)


def test_the_same_program_means_the_same_calls_and_the_same_state(both: Both) -> None:
    for number in (1, 2, 3):
        both.stage(number)
        both.cli(both.clis, "up", "--skip-preview", "--yes")
        both.run(both.ours, "up", "--skip-preview")
        assert both.calls(both.ours) == both.calls(both.clis)
        assert normalised(both.ours) == normalised(both.clis)
        both.each_sees_no_changes_in_the_others()

    for engine in (both.clis, both.ours):
        engine.tamper("a", size=99, extra="x")
        engine.tamper("ignoring")
    both.cli(both.clis, "refresh", "--skip-preview", "--yes")
    both.run(both.ours, "refresh", "--skip-preview")
    assert both.calls(both.ours, "read") == both.calls(both.clis, "read")
    assert normalised(both.ours) == normalised(both.clis)

    both.cli(both.clis, "destroy", "--skip-preview", "--yes")
    both.run(both.ours, "destroy", "--skip-preview")
    assert both.calls(both.ours) == both.calls(both.clis)
    assert normalised(both.ours) == normalised(both.clis) == []


def test_a_stack_goes_back_and_forth(both: Both) -> None:
    both.stage(1)
    both.run(both.ours, "up", "--skip-preview")
    both.stage(2)
    both.cli(both.ours, "up", "--skip-preview", "--yes")
    both.stage(3)
    both.run(both.ours, "up", "--skip-preview")
    assert "token-of-a" in both.cli(both.ours, "stack", "output", "--show-secrets").out
    both.cli(both.ours, "destroy", "--skip-preview", "--yes")
    assert both.ours.cloud().keys() == {"retained"}


def test_the_cli_repairs_what_a_killed_engine_left(both: Both) -> None:
    both.stage(1)
    both.ours.hold("create-a.after")
    process = both.ours.start("up", "--skip-preview")
    both.ours.reached("create-a.after")
    both.ours.kill(process)
    (both.ours.journal / "create-a.after").unlink()
    both.cli(both.ours, "cancel", "--yes")
    result = both.cli(both.ours, "up", "--skip-preview", "--yes")
    assert "interrupted while creating" in result.text
    both.run(both.ours, "preview", "--expect-no-changes")
