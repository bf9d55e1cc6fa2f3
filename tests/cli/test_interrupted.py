"""One Ctrl-C ends a command with one line while a service does not answer."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fcpin.image import PIN_TYPE
from tests.support.signals import as_in_a_terminal

PATIENCE = 30.0
PIN = {"tag": "main-1", "digest": f"sha256:{'a' * 64}"}


class Silent:
    """A server that takes connections and answers nothing."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._held: list[socket.socket] = []
        self.reached = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                self._held.append(self._socket.accept()[0])
            except OSError:
                return
            self.reached.set()

    def close(self) -> None:
        self._socket.close()
        for one in self._held:
            one.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.close()


def stack(folder: Path, host: str) -> None:
    """A stand-in for the Pulumi CLI that has a stack with three functions, all of that host."""
    endpoints = {"fc": f"http://{host}", "cr": f"http://{host}"}
    config = {
        "alicloud:region": "cn-hangzhou",
        "fcpin:endpoints": json.dumps(endpoints),
        "fcpin:registries": json.dumps({"r.example.com": {"endpoint": f"http://{host}"}}),
    }
    (folder / "config.json").write_text(json.dumps({key: {"value": value} for key, value in config.items()}))
    outputs = {"region": "cn-hangzhou", "repository": "r.example.com/shop/app", "policy": {"family": {"name": "main"}}}
    resources = [
        {
            "urn": f"urn:pulumi:t::s::{PIN_TYPE}::{name}",
            "type": PIN_TYPE,
            "outputs": {**outputs, **PIN, "function_name": name},
        }
        for name in ("a", "b", "c")
    ]
    (folder / "state.json").write_text(json.dumps({"deployment": {"resources": resources}}))
    script = folder / "pulumi"
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *export*) cat "{folder}/state.json" ;; *) cat "{folder}/config.json" ;; esac\n'
    )
    script.chmod(0o755)


REPOSITORY = ("--repository", "{0}/shop/app", "--plain-http")
STACK = ("--stack", "t", "--engine", "pulumi")
FC = ("--region", "cn-hangzhou", "--fc-endpoint", "http://{0}")
COMMANDS = [("tags", *REPOSITORY), ("import", *FC), ("drift", *STACK)]
"""One that waits for a registry, one for Function Compute, and one for both in several threads."""


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(row[:1] + row[-2:-1]) for row in COMMANDS])
def test_one_interrupt_ends_it_with_one_line(tmp_path: Path, silent: Silent, command: tuple[str, ...]) -> None:
    stack(tmp_path, silent.host)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "ALICLOUD_ACCESS_KEY": "key",
        "ALICLOUD_SECRET_KEY": "secret",
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "fcpin", *(word.replace("{0}", silent.host) for word in command)],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=as_in_a_terminal,
    )
    if not silent.reached.wait(PATIENCE):
        process.kill()
        pytest.fail(f"no request was sent: {process.communicate()}")
    time.sleep(0.2)  # all its threads are waiting by now
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        _, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert time.monotonic() - begun < 3
    assert process.returncode == 130
    assert err.strip().splitlines()[-1] == "fcpin: interrupted"
    assert "Traceback" not in err


def test_a_command_that_ignores_interrupts_goes_on(tmp_path: Path, silent: Silent) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "fcpin", "tags", "--repository", f"{silent.host}/shop/app", "--plain-http"],
        env={**os.environ, "HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    try:
        assert silent.reached.wait(PATIENCE)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
    finally:
        process.kill()
        process.wait()
