"""The receiver's container image: its files, user and port; its stack and settings are valid."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from fcpin.receiver.settings.read import read_settings

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Containerfile").read_text()
STACK = yaml.safe_load((ROOT / "stacks" / "Pulumi.receiver.yaml").read_text())["config"]["fcpin:functions"]["receiver"]


def instructions() -> Iterator[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE).replace("\\\n", " ")
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        yield word, rest.strip()


def test_instructions_are_known() -> None:
    known = {"ARG", "FROM", "WORKDIR", "ENV", "COPY", "RUN", "USER", "EXPOSE", "ENTRYPOINT"}
    assert {word for word, _ in instructions()} <= known


def test_its_base_is_one_index_by_digest() -> None:
    base = next(rest for word, rest in instructions() if word == "ARG")
    assert re.fullmatch(r"BASE=docker\.io/library/python:3\.\d+-slim-trixie@sha256:[0-9a-f]{64}", base)


def test_it_runs_without_root_on_the_port_that_the_stack_serves() -> None:
    found = dict(instructions())
    assert found["USER"] == "10001"
    entry = json.loads(found["ENTRYPOINT"])
    assert entry[entry.index("--port") + 1] == found["EXPOSE"] == str(STACK["config"]["port"])


def test_the_receiver_runs_from_what_is_copied(tmp_path: Path) -> None:
    """In an otherwise empty folder, with the very paths of the image."""
    for word, rest in instructions():
        if word == "COPY":
            *sources, target = shlex.split(rest)
            for source in sources:
                path = ROOT / source
                if path.is_dir():
                    shutil.copytree(path, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(path, tmp_path / target / path.name)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{tmp_path}:{tmp_path / 'providers'}",
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        **SECRETS,
        "REDIS_URL": "redis://127.0.0.1:1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "fcpin.receiver", "check", "--config", "receiver.yaml"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "engine" in done.stdout
    assert "/hooks/acr/<secret>" in done.stdout


def test_what_is_copied_is_not_ignored() -> None:
    ignored = (ROOT / ".containerignore").read_text().splitlines()
    copied = [part for word, rest in instructions() if word == "COPY" for part in shlex.split(rest)[:-1]]
    assert ignored[0] == "*"
    assert {f"!{part}" for part in copied} == {line for line in ignored if line.startswith("!")}


SECRETS = {
    name: f"a secret of the tests, {name}".replace(" ", "-").replace(",", "")
    for name in ("ACR_SECRET", "EVENTBRIDGE_SECRET", "PAGE_TOKEN", "PAGE_KEY", "METRICS_TOKEN")
}


def test_its_settings_are_valid_and_name_existing_stacks() -> None:
    settings = read_settings(ROOT / "receiver.yaml", {**SECRETS, "REDIS_URL": "redis://127.0.0.1:6379"})
    for stack in settings.stacks:
        assert (ROOT / "stacks" / f"Pulumi.{stack}.yaml").exists()
