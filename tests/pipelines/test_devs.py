"""The client of the Devs API against the emulator."""

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.errors import (
    PipelineConflict,
    PipelineDenied,
    PipelineError,
    PipelineExists,
    PipelineNotFound,
    PipelineRejected,
    PipelineUnavailable,
)
from fcpin.http.credentials import Credentials
from fcpin.pipelines.devs import DevsClient, LogLocation, Phase
from tests.pipelines.harness import AT_ONCE, client_of, document

PHASES = [
    ("Success", Phase.SUCCESS, True),
    ("Succeeded", Phase.SUCCESS, True),
    ("FAILED", Phase.FAILED, True),
    ("Error", Phase.FAILED, True),
    ("Cancelled", Phase.CANCELED, True),
    ("Canceled", Phase.CANCELED, True),
    ("Skipped", Phase.SKIPPED, True),
    ("", Phase.PENDING, False),
    ("Created", Phase.PENDING, False),
    ("Running", Phase.RUNNING, False),
    ("Hibernating", Phase.UNKNOWN, False),
]


def test_a_phase_is_read_in_every_spelling_and_an_unknown_one_is_not_final() -> None:
    for text, phase, is_final in PHASES:
        assert (Phase.parse(text), Phase.parse(text).is_final) == (phase, is_final), text


def test_create_start_get_and_list(cloud: Emulator, client: DevsClient) -> None:
    assert client.create(document(labels={"team": "shop"}, data={"fieldOfTomorrow": {"a": 1}})).phase is Phase.PENDING
    client.create(document("p-2"))
    assert client.start("p-1").phase is Phase.RUNNING
    cloud.advance(60)
    pipeline = client.get("p-1")
    assert pipeline.phase is Phase.SUCCESS
    (task,) = pipeline.wire["spec"]["templateSpec"]["tasks"]
    assert task["context"]["data"]["fieldOfTomorrow"] == {"a": 1}, "unknown fields stay"
    assert [one.name for one in client.list({"team": "shop"})] == ["p-1"]
    assert [one.name for one in client.list()] == ["p-1", "p-2"]
    assert client.list({"team": "none"}) == []


def test_a_name_that_is_taken_is_an_error_unless_by_an_attempt_whose_response_was_lost(
    cloud: Emulator, client: DevsClient
) -> None:
    client.create(document())
    with pytest.raises(PipelineExists, match="p-1"):
        client.create(document())
    cloud.fail_next("CreatePipeline", kind="reset")
    assert client.create(document()).name == "p-1"


def test_starting_and_cancelling_twice_is_not_an_error(cloud: Emulator, client: DevsClient) -> None:
    client.create(document())
    cloud.fail_next("StartPipeline", status=409, code="Conflict")
    assert client.start("p-1").phase is Phase.PENDING, "a cloud that starts pipelines by itself may refuse"
    client.start("p-1")
    assert client.start("p-1").phase is Phase.RUNNING
    cloud.fail_next("CancelPipeline", status=409, code="Conflict")
    with pytest.raises(PipelineConflict, match="p-1"):
        client.cancel("p-1")
    assert client.cancel("p-1").phase is Phase.CANCELED
    assert client.cancel("p-1").phase is Phase.CANCELED
    with pytest.raises(PipelineNotFound):
        client.cancel("p-2")


@pytest.mark.parametrize("knobs", [Knobs(), Knobs(pipeline_tasks="named")], ids=["labelled", "named"])
def test_a_task_has_its_log_and_its_digest(cloud: Emulator, client: DevsClient) -> None:
    log = {"project": "demo-project", "logstore": "demo-logstore"}
    for name in ("p-1", "p-11"):
        client.create(document(name, data={"runnerConfig": {"logConfig": log}}))
        client.start(name)
    cloud.advance(60)
    (task,) = client.tasks("p-1")
    assert task.log == LogLocation("demo-project", "demo-logstore")
    assert task.reported == {cloud.tags("shop/app")["8f2b1c0"]}
    assert task.details[0] == "started in the dedicated environment"


@pytest.mark.parametrize("knobs", [Knobs(build_output="none", pipeline_tasks="named")])
def test_a_task_may_have_neither(cloud: Emulator, client: DevsClient) -> None:
    client.create(document())
    client.start("p-1")
    cloud.advance(60)
    (task,) = client.tasks("p-1")
    assert (task.log, task.reported) == (None, frozenset())


ERRORS: list[tuple[str, int, str, type[PipelineError]]] = [
    ("not found", 404, "NoSuchThing", PipelineNotFound),
    ("no such API", 404, "InvalidAction.NotFound", PipelineRejected),
    ("no permission", 403, "NoPermission", PipelineDenied),
    ("an expired token", 400, "InvalidSecurityToken.Expired", PipelineDenied),
    ("an invalid request", 400, "InvalidArgument", PipelineRejected),
    ("throttling with its status", 429, "TooMany", PipelineUnavailable),
    ("throttling with a code only", 400, "Throttling.User", PipelineUnavailable),
    ("an error of the service", 500, "InternalError", PipelineUnavailable),
]


@pytest.mark.parametrize(("status", "code", "error"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
def test_every_error_has_its_type_and_only_temporary_ones_are_retried(
    cloud: Emulator, client: DevsClient, status: int, code: str, error: type[PipelineError]
) -> None:
    cloud.fail_next("GetPipeline", status=status, code=code, message="because", times=3)
    with pytest.raises(error, match=f"p-1.*{code}: because"):
        client.get("p-1")
    assert cloud.calls.count("GetPipeline") == (3 if error.temporary else 1)


def test_invalid_responses_are_retried(cloud: Emulator, client: DevsClient) -> None:
    client.create(document())
    cloud.fail_next("GetPipeline", kind="html-502")
    cloud.fail_next("GetPipeline", kind="empty")
    assert client.get("p-1").name == "p-1"
    cloud.fail_next("GetPipeline", kind="reset", times=2)
    assert client.get("p-1").name == "p-1"


def test_a_wrong_secret_is_denied_and_not_printed(cloud: Emulator) -> None:
    with pytest.raises(PipelineDenied, match="Signature") as raised:
        client_of(cloud, "not-the-secret").get("p-1")
    assert "not-the-secret" not in str(raised.value)


def test_an_endpoint_that_does_not_respond_is_named() -> None:
    client = DevsClient(endpoint="http://127.0.0.1:9", credentials=Credentials("a", "b"), retry=AT_ONCE)
    with pytest.raises(PipelineUnavailable, match=r"127\.0\.0\.1:9"):
        client.get("p-1")
    assert DevsClient().endpoint == "devs.cn-hangzhou.aliyuncs.com"
