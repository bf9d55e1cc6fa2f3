"""A process that is killed or interrupted while its pipeline runs leaves none running."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from io import BytesIO

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.errors import PipelineExists
from fcpin.http.credentials import Credentials
from fcpin.pipelines.cancel_on_exit import cancel_on_exit, watch
from fcpin.pipelines.devs import DevsClient
from tests.pipelines.harness import client_of, document

SCRIPT = """
import json, sys, time
from fcpin.pipelines.cancel_on_exit import cancel_on_exit
from fcpin.http.credentials import Credentials
endpoint, name, key, secret = json.loads(sys.stdin.readline())
with cancel_on_exit(endpoint, Credentials(key, secret), name):
    print("running", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def running() -> Iterator[tuple[Emulator, DevsClient]]:
    """A pipeline that takes an hour."""
    with Emulator(knobs=Knobs(build_seconds=3600)).serve() as cloud:
        client = client_of(cloud)
        client.create(document("p-1"))
        client.start("p-1")
        yield cloud, client


def guard(cloud: Emulator) -> AbstractContextManager[None]:
    return cancel_on_exit(cloud.url, Credentials(cloud.access_key_id, cloud.access_key_secret), "p-1")


WORDS = [("done", "Running"), ("failed", "Running"), ("interrupted", "Canceled"), ("", "Canceled")]


@pytest.mark.parametrize(("word", "phase"), WORDS, ids=[word or "killed" for word, _ in WORDS])
def test_the_watchdog_cancels_unless_the_block_ended_by_itself(
    running: tuple[Emulator, DevsClient], word: str, phase: str
) -> None:
    cloud, client = running
    account = {"access_key_id": cloud.access_key_id, "access_key_secret": cloud.access_key_secret, "security_token": ""}
    orders = json.dumps({"endpoint": cloud.url, "name": "p-1", "kind": "Credentials", "account": account})
    watch(BytesIO(f"{orders}\n{word}".encode()))
    assert client.get("p-1").api_phase == phase


def test_orders_that_did_not_arrive_cancel_nothing() -> None:
    watch(BytesIO(b'{"endpoint": "http://'))


ENDS: list[tuple[BaseException, str]] = [
    (PipelineExists("p-1 is taken"), "Running"),
    (KeyboardInterrupt(), "Canceled"),
]


@pytest.mark.parametrize(("error", "phase"), ENDS, ids=["failed", "interrupted"])
def test_the_end_of_the_block_reaches_the_watchdog(
    running: tuple[Emulator, DevsClient], error: BaseException, phase: str
) -> None:
    cloud, client = running
    with pytest.raises(type(error)), guard(cloud):
        raise error
    assert client.get("p-1").api_phase == phase


def test_a_process_that_is_killed_takes_its_pipeline_with_it(running: tuple[Emulator, DevsClient]) -> None:
    cloud, client = running
    orders = json.dumps([cloud.url, "p-1", cloud.access_key_id, cloud.access_key_secret])
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(orders + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "running\n"
        os.killpg(process.pid, signal.SIGKILL)
    until = time.monotonic() + 20
    while client.get("p-1").api_phase == "Running" and time.monotonic() < until:
        time.sleep(0.05)
    assert client.get("p-1").api_phase == "Canceled"
