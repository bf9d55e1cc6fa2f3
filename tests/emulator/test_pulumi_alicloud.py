"""pulumi-alicloud's own plugin against the emulator: the calls that it made, as they were recorded.

The plugin was built from its public source (pulumi/pulumi-alicloud at 9d2b1e4, over terraform-provider-alicloud
1.285.0) and driven by the Pulumi CLI on 2026-12-01, with two programs of one ContainerFunction each: create, update,
refresh, destroy. What was recorded, on the way to an emulator, is every call of the plugin with the headers that count,
its signature and its body; the access key is the emulator's own. fcpin's calls are not among them.
The signatures are played unchanged: the clock stands at the time of the recording, and the ids of instance and
repository, which are signed too, are those of the recording.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3

from fcpin.emulator import Emulator
from tests.support.clock import ManualClock

RECORDED = json.loads((Path(__file__).parent / "data" / "pulumi_alicloud.json").read_text())
BEGIN = datetime(2026, 12, 1, 15, 10, tzinfo=UTC)
CONTAINER = "customContainerConfig"


class Player:
    """Sends recorded calls one after the other; every one has to be answered with the status of then."""

    def __init__(self, cloud: Emulator, name: str) -> None:
        self.cloud = cloud
        self.http = urllib3.PoolManager(retries=False)
        self._calls = iter(RECORDED["calls"][name])

    def play(self, *expected: str) -> Sequence[Any]:
        """Play as many calls as there are names; the answers. The emulator has to know each by its name."""
        answers = []
        for name in expected:
            call = next(self._calls)
            url, headers = f"{self.cloud.url}{call['target']}", call["headers"]
            answer = self.http.request(call["method"], url, headers=headers, body=call["body"].encode())
            assert (self.cloud.calls[-1].action, answer.status) == (name, call["status"]), answer.data
            answers.append(answer.json() if answer.data else None)
        return answers

    def has_ended(self) -> bool:
        return next(self._calls, None) is None


@pytest.fixture
def cloud() -> Iterator[Emulator]:
    with Emulator(clock=ManualClock(BEGIN)).serve() as cloud:
        cloud._account.state.instances[0].id = RECORDED["instance"]
        yield cloud


@pytest.fixture
def player(cloud: Emulator, request: pytest.FixtureRequest) -> Iterator[Player]:
    player = Player(cloud, request.param)
    yield player
    assert player.has_ended()
    player.http.clear()


@pytest.mark.parametrize("player", ["function"], indirect=True)
def test_a_function_with_a_trigger_is_made_updated_refreshed_and_destroyed(cloud: Emulator, player: Player) -> None:
    first, second = (cloud.push("shop/app", tag, content=tag) for tag in ("release-1", "release-2"))
    player.play("CreateFunction", "GetFunction", "TagResources")
    (function,) = player.play("GetFunction")
    assert (function["memorySize"], function["environmentVariables"]) == (512, {"A": "b c"})
    assert function["tags"] == [{"Key": "team", "Value": "shop"}]
    assert "Tags" not in function
    assert function[CONTAINER]["resolvedImageUri"].endswith(first)
    trigger, *_ = player.play("CreateTrigger", "GetTrigger", "GetTrigger")
    assert (trigger["triggerName"], trigger["qualifier"]) == ("http", "LATEST")
    assert json.loads(trigger["triggerConfig"]) == {"authType": "anonymous", "methods": ["GET", "POST"]}
    assert trigger["httpTrigger"]["urlInternet"].endswith(".cn-hangzhou.fcapp.run")

    player.play("GetTrigger", "GetFunction")
    cloud.configure("checkout", {CONTAINER: {"image": function[CONTAINER]["image"].replace("-1", "-2"), "port": 9090}})
    updated, refreshed = player.play("UpdateFunction", "GetFunction")
    assert updated["memorySize"] == refreshed["memorySize"] == 1024
    assert refreshed[CONTAINER]["port"] == 9090
    assert refreshed[CONTAINER]["resolvedImageUri"].endswith(second), "the pin survives the plugin's update"
    described, again = player.play("UpdateTrigger", "GetTrigger")
    assert described == again == trigger | {key: described[key] for key in ("description", "lastModifiedTime")}
    assert again["description"] == "the shop"

    player.play("GetTrigger", "GetFunction", "GetTrigger", "GetFunction", "DeleteTrigger", "DeleteFunction")
    assert cloud.functions() == []


@pytest.mark.parametrize("player", ["repository"], indirect=True)
def test_a_repository_is_made_for_a_function(cloud: Emulator, player: Player) -> None:
    """`RepositoryArgs`; `config` names no port."""
    _, namespace = player.play("CreateNamespace", "GetNamespace")
    assert (namespace["AutoCreateRepo"], namespace["DefaultRepoType"]) == (False, "PRIVATE")
    player.play("CreateRepository")
    made = cloud._account.store.repository("web/app")
    made.id = RECORDED["repository"]
    (repository,) = player.play("GetRepository")
    assert (repository["RepoType"], repository["TagImmutability"]) == ("PRIVATE", True)
    assert repository["Summary"] == "Images of a shop"

    cloud.push("web/app", "release-1")
    _, function = player.play("CreateFunction", "GetFunction")
    assert "port" not in function[CONTAINER]
    _, repository = player.play("UpdateRepository", "GetRepository")
    assert repository["TagImmutability"] is False
    player.play("GetFunction", "GetNamespace", "GetRepository", "DeleteFunction")
    _, repository, _, namespace = player.play("DeleteRepository", "GetRepository", "DeleteNamespace", "GetNamespace")
    assert (repository["Code"], namespace["Code"]) == ("REPO_NOT_EXIST", "NAMESPACE_NOT_EXIST")


def test_a_recorded_call_that_was_changed_is_refused(cloud: Emulator) -> None:
    """Each by its own signature; refused, none of them does anything."""
    http = urllib3.PoolManager(retries=False)
    cloud.push("shop/app", "release-1")
    for call in RECORDED["calls"]["function"]:
        headers = call["headers"] | {"x-acs-version": "2023-03-31"}
        answer = http.request(call["method"], f"{cloud.url}{call['target']}", headers=headers, body=call["body"])
        assert (answer.status, answer.json()["Code"]) == (403, "SignatureNotMatch")
    http.clear()
    assert cloud.functions() == []
