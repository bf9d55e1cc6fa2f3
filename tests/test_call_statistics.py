"""Every attempt at every call is counted by its outcome, over all processes of a run."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from fcpin import call_statistics
from fcpin.call_statistics import Call, CallStatistics, Outcome, collect
from fcpin.emulator import Emulator
from fcpin.errors import FcpinError
from fcpin.fc.client import FunctionClient
from fcpin.http.credentials import Credentials
from fcpin.http.retries import Retry
from fcpin.registry.session import Transport
from tests.registry.scripted import ScriptedServer

OK, THROTTLED, FAILED = Outcome
TWICE = Retry(attempts=2, seconds=5, first_wait=0, longest_wait=0)


def test_every_try_of_an_api_counts_by_its_outcome() -> None:
    with Emulator().serve() as cloud:
        key = Credentials(cloud.access_key_id, cloud.access_key_secret)
        client = FunctionClient("cn-hangzhou", endpoint=cloud.url, credentials=key, retry=TWICE)
        before = call_statistics.calls.counts()
        cloud.fail_next("ListFunctions", status=429, code="ResourceThrottled", message="slow down")
        list(client.list())
        cloud.fail_next("ListFunctions", status=403, code="AccessDenied", message="no")
        with pytest.raises(FcpinError):
            list(client.list())
        with pytest.raises(FcpinError):
            client.get("absent")
    assert since(before) == {
        Call("fc", "ListFunctions", THROTTLED): 1,
        Call("fc", "ListFunctions", OK): 1,
        Call("fc", "ListFunctions", FAILED): 1,
        Call("fc", "GetFunction", OK): 1,
    }


REGISTRY = [
    ("an answer", "GET", "/v2/shop/app/tags/list", 200, Call("registry", "GET tags", OK)),
    ("a digest that is not there", "HEAD", "/v2/shop/app/manifests/x", 404, Call("registry", "HEAD manifests", OK)),
    ("the challenge to log in", "GET", "/v2/shop/app/blobs/x", 401, Call("registry", "GET blobs", OK)),
    ("too many requests", "GET", "/v2/shop/app/tags/list", 429, Call("registry", "GET tags", THROTTLED)),
    ("an outage", "GET", "/v2/shop/app/tags/list", 503, Call("registry", "GET tags", FAILED)),
    ("a refusal", "GET", "/token", 403, Call("registry", "GET other", FAILED)),
]


@pytest.mark.parametrize(
    ("method", "path", "status", "call"), [row[1:] for row in REGISTRY], ids=[r[0] for r in REGISTRY]
)
def test_requests_to_registries_count_by_kind(method: str, path: str, status: int, call: Call) -> None:
    before = call_statistics.calls.counts()
    once = Retry(attempts=1, seconds=5, first_wait=0, longest_wait=0)
    with ScriptedServer() as server:
        server.expect(method, path).answer(status)
        try:
            Transport(retry=once).send(method, f"{server.url}{path}", headers={})
        except FcpinError:
            assert status >= 429
    assert since(before) == {call: 1}


def test_what_processes_left_is_summed_and_damage_is_left_out(tmp_path: Path) -> None:
    mine = CallStatistics()
    mine.count("fc", "UpdateFunction", OK)
    mine.write(tmp_path)
    mine.count("fc", "UpdateFunction", OK)
    mine.write(tmp_path)
    (tmp_path / "1.json").write_text('[["fc", "UpdateFunction", "ok", 3], ["cr", "ListRepoTag", "throttled", 1]]')
    (tmp_path / "2.json").write_text('[["fc", "UpdateFunction", "wonderful", 3]]')
    (tmp_path / "3.json").write_text("{")
    assert collect(tmp_path) == {Call("fc", "UpdateFunction", OK): 5, Call("cr", "ListRepoTag", THROTTLED): 1}


def test_a_process_leaves_its_counts_when_it_ends(tmp_path: Path) -> None:
    code = "from fcpin import call_statistics; call_statistics.calls.count('fc', 'GetFunction', call_statistics.Outcome.OK)"
    subprocess.run([sys.executable, "-c", code], env={"FCPIN_CALL_STATISTICS": str(tmp_path)}, check=True)
    assert collect(tmp_path) == {Call("fc", "GetFunction", OK): 1}


def since(before: Mapping[Call, int]) -> Mapping[Call, int]:
    """What this process has counted since."""
    after = call_statistics.calls.counts()
    return {call: count - before.get(call, 0) for call, count in after.items() if count != before.get(call)}
