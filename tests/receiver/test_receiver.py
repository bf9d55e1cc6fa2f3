"""`fcpin receiver` as its users start it: checked, serving, stopped."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fcpin.cli import main
from fcpin.clock import SystemClock
from fcpin.emulator import Emulator
from fcpin.image import Digest
from fcpin.receiver.__main__ import listen, url_of
from fcpin.receiver.assembly import Receiver
from fcpin.receiver.ledger.ledger import sqlite_ledger
from fcpin.receiver.settings.model import ReceiverSettings, StackSettings
from fcpin.stack import Engine
from tests.receiver.converge.project import Project
from tests.receiver.fake_converger import FakeConverger
from tests.receiver.pins import pin
from tests.receiver.senders.requests import SECRET, signed
from tests.receiver.web.serving import Client
from tests.support.deployed_stack import DeployedStack
from tests.support.instant import INSTANT
from tests.support.signals import interruptible

ROOT = Path(__file__).parent.parent.parent
on_the_embedded_engine = pytest.mark.parametrize("project", ["embedded"], indirect=True)


@pytest.fixture
def config(project: Project) -> Path:
    file = project.shop.stack.folder / "receiver.yaml"
    file.write_text(
        "stacks: {test: {debounce: 0.1s}}\n"
        "senders: {ci: {kind: generic, secrets: [env:CI_SECRET]}, acr: {kind: acr, secrets: [env:CI_SECRET]}}\n"
        "engine: embedded\n"
    )
    return file


@contextmanager
def serving(project: Project, config: Path) -> Iterator[tuple[Client, "subprocess.Popen[str]"]]:
    with interruptible(
        [sys.executable, "-m", "fcpin.receiver", "serve", "--port", "0", "--config", str(config)],
        cwd=ROOT,
        env={**project.shop.stack.process_environment(), "CI_SECRET": SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ready = re.fullmatch(r"receiver ready: (http://127\.0\.0\.1:\d+)\n", process.stdout.readline())
        try:
            assert ready, process.communicate()
            yield Client(ready[1]), process
        finally:
            process.kill()


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


@on_the_embedded_engine
def test_a_push_is_deployed_and_a_stop_is_orderly(project: Project, config: Path) -> None:
    wanted = project.push("basket")
    image = f"{project.shop.repository}:{wanted.partition('@')[0]}"
    with serving(project, config) as (client, process):
        body = json.dumps({"image": image, "sent": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}).encode()
        assert client.post("ci", body, signed(body)) == (202, {"jobs": ["test"]})
        until(lambda: b'deployments_total{stack="test"} 1.0' in client.request("GET", "/metrics").data)
        assert project.shop.deployed("basket") == wanted
        assert client.request("GET", "/readyz").status == 200
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert SECRET not in out + err
    assert "Traceback" not in err


def test_a_moved_tag_that_no_event_reported_is_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Emulator(knobs=INSTANT).serve() as cloud:
        stack = DeployedStack(tmp_path, cloud)
        monkeypatch.setenv("PATH", stack.path())
        stack.push("main-1")
        stack.deploy("checkout", "main-1")
        moved = Digest(stack.push("main-1", "moved"))
        settings = ReceiverSettings(stacks={stack.name: StackSettings()}, senders={}, project=tmp_path)
        converger = FakeConverger(Engine.find("pulumi", tmp_path))
        converger.has(stack.name, pin("checkout", stack.repository, "main-1"))
        converger.newest(stack.name, "checkout", "main-1", moved)
        receiver = Receiver(settings, sqlite_ledger(tmp_path / "ledger.sqlite"), converger, SystemClock())
        receiver.start()
        until(lambda: bool(converger.deployed))
        receiver.stop()
    assert converger.deployed == [(stack.name, "checkout", "main-1", moved)]


@on_the_embedded_engine
def test_a_check_prints_the_engine_the_stacks_and_the_webhook_urls(
    project: Project, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**project.shop.stack.process_environment(), "CI_SECRET": SECRET}.items():
        monkeypatch.setenv(name, value)
    assert run(config.parent, "check") == 0
    out, err = capsys.readouterr()
    for fact in ("fcpin engine", "3 pins on", "/hooks/acr/<secret>", "X-Hub-Signature-256", "env:CI_SECRET"):
        assert fact in out
    assert SECRET not in out + err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a project that has no stack."""
    monkeypatch.setenv("CI_SECRET", SECRET)
    monkeypatch.setenv("PATH", "/nowhere")
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    write(tmp_path, "senders: {acr: {kind: acr, secrets: [env:CI_SECRET]}}\nengine: pulumi\n")
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / "receiver.yaml").write_text(f"stacks: {{dev: }}\n{text}")


def run(folder: Path, *arguments: str) -> int:
    return main(["receiver", *arguments, "--config", str(folder / "receiver.yaml")])


def test_problems_are_printed_without_secrets(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, "senders: {acr: {kind: acr, secrets: [env:CI_SECRET]}}\nengine: pulumi\nnotify: [file:address]\n")
    (folder / "address").write_text("nothing://of-apprise")
    assert run(folder, "check") == 1
    out = capsys.readouterr().out
    assert "pulumi is not on PATH" in out
    assert "file:address is not a URL that apprise supports" in out
    assert "of-apprise" not in out
    assert run(folder, "serve", "--port", "0") == 1
    assert capsys.readouterr().err.startswith("fcpin receiver: pulumi is not on PATH")


def test_an_engine_inherits_no_secret_of_the_receiver(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = folder / "pulumi"
    engine.write_text(f"#!/bin/sh\n/usr/bin/env >{folder}/inherited\nexit 1\n")
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///srv/states")
    assert run(folder, "check") == 1
    inherited = dict(line.split("=", 1) for line in (folder / "inherited").read_text().splitlines() if "=" in line)
    assert inherited["PULUMI_BACKEND_URL"] == "file:///srv/states"
    assert "CI_SECRET" not in inherited
    assert SECRET not in str(inherited)


WRONG = [
    ("every problem has a line", "serve", "colour: red\nworkers: 0\n", ["colour", "workers", "senders"]),
    ("to run jobs only takes a Redis", "work", "senders: {acr: {kind: acr, secrets: [env:CI_SECRET]}}\n", ["redis: is required by `work`"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "facts"), [pytest.param(*row[1:], id=row[0]) for row in WRONG])
def test_settings_that_cannot_be_used(
    folder: Path, name: str, text: str, facts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, text)
    assert run(folder, name) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(facts)
    for fact in facts:
        assert any(fact in line for line in lines)


def test_an_address_or_port_that_cannot_be_listened_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "serve", "--host", "203.0.113.1") == 2
    assert "cannot listen there" in capsys.readouterr().err
    assert run(folder, "--port", "65536") == 2
    assert "--port: 65536 is not in the range" in capsys.readouterr().err


@pytest.mark.parametrize(("host", "url"), [("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:"), ("::", "http://[::]:")])  # fmt: skip
def test_it_listens_on_either_protocol(host: str, url: str) -> None:
    with listen(host, 0) as listener:
        assert url_of(listener).startswith(url)
        at = "127.0.0.1" if host == "::" else host
        socket.create_connection((at, listener.getsockname()[1]), timeout=5).close()


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["receiver", "schema"]) == 0
    assert capsys.readouterr().out == (ROOT / "docs" / "schemas" / "receiver.schema.json").read_text()
