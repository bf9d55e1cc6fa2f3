"""`fcpin emulator`: options and errors in process; its line, signals and state file as a process."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fcpin.cli import main
from fcpin.emulator import Emulator, EmulatorError
from fcpin.emulator.remote import RemoteEmulator
from tests.emulator.clients import HOST, Functions, resolved


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], RemoteEmulator, str]]:
    command = [sys.executable, "-m", "fcpin.emulator", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            ready = re.match(r"emulator ready: (\S+) ", line)
            assert ready, line
            yield process, RemoteEmulator(ready[1]), line
        finally:
            process.kill()


def test_a_process_with_every_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """SIGTERM ends it with exit code 0; a knob overrides a fact; the state survives `kill -9`."""
    state, certificate, facts = tmp_path / "state", tmp_path / "token.pem", tmp_path / "facts.json"
    measured = {"digest_input": "accepted", "same_image_update": "error"}
    facts.write_text(json.dumps({"version": 1, "facts": measured}))
    options = ("--state", str(state), "--token-cert", str(certificate), "--facts", str(facts))
    with started(*options, "--knob", "same_image_update=keep") as (process, cloud, line):
        for fact in (cloud.address, "ALIBABA_CLOUD_ACCESS_KEY_ID=", cloud.instance_id, cloud.enterprise_host):
            assert fact in line
        assert certificate.read_text() == cloud.token_certificate
        verb = ["emulator", "verb", "--url", cloud.url, "push", "repository=shop/app", "tag=1.0"]
        assert main([*verb, "content=one", 'platforms=["linux/amd64"]']) == 0
        digest = json.loads(capsys.readouterr().out)
        assert digest == cloud.retag("shop/app", "latest", to="1.0")
        functions, image = Functions(cloud), f"{HOST}/shop/app@{digest}"
        functions.create(image=image)
        assert resolved(functions.update_image(image=image)) == digest
        cloud.advance(3600)
        cloud.invoke("fn")
        before = (cloud.function("fn"), cloud.instance_id, cloud.token_certificate)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert state.stat().st_mode & 0o077 == 0, "it holds keys"
    with started("--state", str(state)) as (process, cloud, _):
        assert (cloud.function("fn"), cloud.instance_id, cloud.token_certificate) == before
        assert before[0]["state"] == "Active"
        assert cloud.push("shop/app", "again", content="one") == digest
        assert cloud.invoke("fn", cold=True).digest == digest
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


INVALID: list[tuple[str, str]] = [
    ("--host 0.0.0.0", "host 0.0.0.0: the emulator serves loopback only"),
    ("--host example.com", "host example.com: the emulator serves loopback only"),
    ("--knob colour=red", "unknown knob 'colour'"),
    ("--facts /missing.json", "facts /missing.json: No such file"),
    ("--registry registry.example.com", "expected HOST=URL"),
    ("verb --url http://127.0.0.1:1 functions", "no emulator responds"),
    ("verb --url http://127.0.0.1:1 push x", "argument 'x'"),
    ("--port 99999", "--port"),
    ("--port -1", "--port"),
    ("--port http", "--port"),
]


@pytest.mark.parametrize(("arguments", "fact"), INVALID, ids=[row[0] for row in INVALID])
def test_an_error_is_one_line(arguments: str, fact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["emulator", *arguments.split()]) == 2
    error = capsys.readouterr().err
    assert fact in error
    assert error.count("\n") == 1


def test_a_port_that_is_taken(shared: Emulator, capfd: pytest.CaptureFixture[str]) -> None:
    port = shared.address.rpartition(":")[2]
    command = [sys.executable, "-m", "fcpin.emulator", "--port", port]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr.count("\n"), "in use" in ended.stderr) == (2, 1, True)


def test_other_files_are_no_state_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other"
    other.write_text("something else that is to be kept")
    assert main(["emulator", "--state", str(other)]) == 2
    error = capsys.readouterr().err
    assert ("not made by the emulator" in error, error.count("\n")) == (True, 1)
    assert other.read_text().startswith("something else")
    file = tmp_path / "state"
    with Emulator(state=file).serve() as cloud:
        cloud.push("shop/app", "main")
    with sqlite3.connect(file) as database:
        database.execute("UPDATE state SET format = 99")
    database.close()
    with pytest.raises(EmulatorError, match="format 99, expected 1"):
        Emulator(state=file)


def test_a_change_is_stored_before_the_response(tmp_path: Path) -> None:
    """Another process that opens the file has every change that a client knows of."""
    file = tmp_path / "state"
    with Emulator(state=file).serve() as cloud:
        cloud.push("shop/app", "main")
        Functions(cloud).create(image=f"{HOST}/shop/app:main")
        with Emulator(state=file).serve() as other:
            assert [one["functionName"] for one in other.functions()] == ["fn"]
