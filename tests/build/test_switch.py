"""A process that is killed while its pipeline runs leaves none running behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO

import pytest

from fcpin.build.switch import armed, watch
from fcpin.devs.client import DevsClient
from fcpin.emulator import Emulator, Knobs
from fcpin.errors import PipelineExists
from fcpin.http.credentials import Credentials
from tests.devs.submitted import document

SCRIPT = """
import json, sys, time
from fcpin.build.switch import armed
from fcpin.http.credentials import Credentials
endpoint, name, key, secret = json.loads(sys.stdin.readline())
with armed(endpoint, Credentials(key, secret), name):
    print("armed", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def running() -> Iterator[tuple[Emulator, DevsClient]]:
    """A pipeline that takes an hour."""
    with Emulator(knobs=Knobs(build_seconds=3600)).serve() as cloud:
        client = DevsClient(endpoint=cloud.url, credentials=Credentials(cloud.access_key_id, cloud.access_key_secret))
        client.create(document("p-1"))
        client.start("p-1")
        yield cloud, client


def order(cloud: Emulator) -> bytes:
    account = {"access_key_id": cloud.access_key_id, "access_key_secret": cloud.access_key_secret, "security_token": ""}
    return (
        json.dumps({"endpoint": cloud.url, "name": "p-1", "kind": "Credentials", "account": account}).encode() + b"\n"
    )


def test_a_pipe_that_closes_without_a_word_cancels(running: tuple[Emulator, DevsClient]) -> None:
    cloud, client = running
    watch(BytesIO(order(cloud)))
    assert client.get("p-1").word == "Canceled"


def test_a_word_at_the_end_cancels_nothing(running: tuple[Emulator, DevsClient]) -> None:
    cloud, client = running
    watch(BytesIO(order(cloud) + b"done\n"))
    with armed(cloud.url, Credentials(cloud.access_key_id, cloud.access_key_secret), "p-1"):
        pass
    assert client.get("p-1").word == "Running"


def test_what_was_interrupted_twice_is_cancelled_all_the_same(running: tuple[Emulator, DevsClient]) -> None:
    """The second Ctrl-C comes while the first one's cancellation is under way."""
    cloud, client = running
    with (
        pytest.raises(KeyboardInterrupt),
        armed(cloud.url, Credentials(cloud.access_key_id, cloud.access_key_secret), "p-1"),
    ):
        raise KeyboardInterrupt
    assert client.get("p-1").word == "Canceled"


def test_a_failure_cancels_nothing_the_pipeline_may_be_somebody_elses(running: tuple[Emulator, DevsClient]) -> None:
    cloud, client = running
    with (
        pytest.raises(PipelineExists),
        armed(cloud.url, Credentials(cloud.access_key_id, cloud.access_key_secret), "p-1"),
    ):
        raise PipelineExists("p-1 is taken")
    assert client.get("p-1").word == "Running"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_killed_the_process_takes_its_pipeline_with_it(
    running: tuple[Emulator, DevsClient], number: signal.Signals
) -> None:
    cloud, client = running
    wanted = json.dumps([cloud.url, "p-1", cloud.access_key_id, cloud.access_key_secret])
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(wanted + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "armed\n"
        os.killpg(process.pid, number)
    until = time.monotonic() + 20
    while client.get("p-1").word == "Running" and time.monotonic() < until:
        time.sleep(0.05)
    assert client.get("p-1").word == "Canceled"
