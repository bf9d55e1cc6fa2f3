"""`fcpin emulator` as a process: its one line, its refusals, and a state file that survives kill -9."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from fcpin.emulator import Emulator, EmulatorError
from fcpin.emulator.remote import RemoteEmulator
from tests.emulator.clients import HOST, Functions


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fcpin.emulator", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


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


def test_one_line_shows_how_to_use_it() -> None:
    with started("--knob", "digest_prefix=prefixed") as (process, cloud, line):
        for fact in (cloud.address, "ALIBABA_CLOUD_ACCESS_KEY_ID=", cloud.instance_id, cloud.enterprise_host):
            assert fact in line
        digest = run("verb", "--url", cloud.url, "push", "repository=shop/app", "tag=1.0", 'platforms=["linux/amd64"]')
        assert digest.returncode == 0, digest.stderr
        assert json.loads(digest.stdout) == cloud.retag("shop/app", "latest", to="1.0")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


REFUSALS: list[tuple[str, Sequence[str], str]] = [
    ("a host that others can reach", ["--host", "0.0.0.0"], "host 0.0.0.0: the emulator serves loopback only"),  # noqa: S104 - refused
    ("a host name", ["--host", "example.com"], "host example.com: the emulator serves loopback only"),
    ("an unknown knob", ["--knob", "colour=red"], "knob 'colour'"),
    ("a registry without a URL", ["--registry", "registry.example.com"], "expected HOST=URL"),
    ("a verb without an emulator", ["verb", "--url", "http://127.0.0.1:1", "functions"], "no emulator responds"),
    ("an argument that is none", ["verb", "--url", "http://127.0.0.1:1", "push", "x"], "argument 'x'"),
]


@pytest.mark.parametrize(("label", "arguments", "fact"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_a_refusal_is_one_line(label: str, arguments: Sequence[str], fact: str) -> None:
    refused = run(*arguments)
    assert refused.returncode == 2
    assert fact in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_a_port_that_is_none(port: str) -> None:
    refused = run("--port", port)
    assert refused.returncode == 2
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_port_that_is_taken(cloud: Emulator) -> None:
    refused = run("--port", cloud.address.rpartition(":")[2])
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "in use" in refused.stderr


def test_the_certificate_is_written(tmp_path: Path) -> None:
    file = tmp_path / "token.pem"
    with started("--token-cert", str(file)) as (_, cloud, _):
        assert file.read_text() == cloud.token_certificate


def test_everything_survives_a_kill(tmp_path: Path) -> None:
    file = tmp_path / "state"
    with started("--state", str(file)) as (process, cloud, _):
        digest = cloud.push("shop/app", "main", content="one")
        Functions(cloud).create()
        cloud.advance(3600)
        cloud.invoke("fn")
        before = (cloud.function("fn"), cloud.instance_id, cloud.token_certificate)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert file.stat().st_mode & 0o077 == 0, "it holds keys"
    with started("--state", str(file)) as (_, cloud, _):
        assert (cloud.function("fn"), cloud.instance_id, cloud.token_certificate) == before
        assert before[0]["state"] == "Active"
        assert cloud.push("shop/app", "again", content="one") == digest
        assert cloud.invoke("fn", cold=True).digest == digest


def test_a_state_file_is_the_emulators_own(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("something else that is to be kept")
    with pytest.raises(EmulatorError, match="not made by the emulator"):
        Emulator(state=other)
    assert other.read_text().startswith("something else")
    refused = run("--state", str(other))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


def test_a_state_file_of_another_format(tmp_path: Path) -> None:
    file = tmp_path / "state"
    with Emulator(state=file).serve() as cloud:
        cloud.push("shop/app", "main")
    with sqlite3.connect(file) as database:
        database.execute("UPDATE state SET format = 99")
    database.close()
    with pytest.raises(EmulatorError, match="format 99, expected 1"):
        Emulator(state=file)


def test_a_call_is_kept_before_it_is_answered(tmp_path: Path) -> None:
    """Another process that opens the file sees what the first one has answered."""
    file = tmp_path / "state"
    with Emulator(state=file).serve() as cloud:
        cloud.push("shop/app", "main")
        Functions(cloud).create(image=f"{HOST}/shop/app:main")
        with Emulator(state=file).serve() as other:
            assert [one["functionName"] for one in other.functions()] == ["fn"]
