"""The Devs client against the emulator: our words on both sides of the wire."""

import pytest

from fcpin.devs.client import DevsClient
from fcpin.devs.model import LogLocation
from fcpin.devs.phase import Phase
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
from tests.devs.submitted import AT_ONCE, client_of, document


def test_creates_starts_reads_and_lists(cloud: Emulator, client: DevsClient) -> None:
    assert client.create(document(labels={"team": "shop"})).phase is Phase.PENDING
    client.create(document("p-2"))
    assert client.start("p-1").phase is Phase.RUNNING
    cloud.advance(60)
    assert client.get("p-1").phase is Phase.SUCCESS
    assert [one.name for one in client.list({"team": "shop"})] == ["p-1"]
    assert [one.name for one in client.list()] == ["p-1", "p-2"]
    assert client.list({"team": "none"}) == []


def test_a_name_that_is_taken_is_somebody_elses(client: DevsClient) -> None:
    client.create(document())
    with pytest.raises(PipelineExists, match="p-1"):
        client.create(document())


def test_a_creation_whose_answer_was_lost_is_done(cloud: Emulator, client: DevsClient) -> None:
    """The first attempt arrived before the connection broke, so the second one finds the name taken."""
    cloud._account.pipelines.create_pipeline(document())
    cloud.fail_next("CreatePipeline", kind="reset")
    assert client.create(document()).name == "p-1"


def test_what_is_started_or_ended_already_is_no_failure(cloud: Emulator, client: DevsClient) -> None:
    client.create(document())
    client.start("p-1")
    assert client.start("p-1").phase is Phase.RUNNING
    assert client.cancel("p-1").phase is Phase.CANCELED
    assert client.cancel("p-1").phase is Phase.CANCELED
    with pytest.raises(PipelineNotFound):
        client.cancel("p-2")


def test_what_is_about_to_begin_is_started(cloud: Emulator, client: DevsClient) -> None:
    """A cloud that starts pipelines by itself may refuse, and still say that this one is pending."""
    client.create(document())
    cloud.fail_next("StartPipeline", status=409, code="Conflict")
    assert client.start("p-1").phase is Phase.PENDING


def test_what_cannot_be_cancelled_and_has_not_ended_is_a_conflict(cloud: Emulator, client: DevsClient) -> None:
    client.create(document())
    cloud.fail_next("CancelPipeline", status=409, code="Conflict")
    with pytest.raises(PipelineConflict, match="p-1"):
        client.cancel("p-1")


def test_fields_that_nobody_knows_come_through_both_ways(client: DevsClient) -> None:
    client.create(document(data={"fieldOfTomorrow": {"a": 1}}))
    (task,) = client.get("p-1").wire["spec"]["templateSpec"]["tasks"]
    assert task["context"]["data"]["fieldOfTomorrow"] == {"a": 1}


@pytest.mark.parametrize("knobs", [Knobs(), Knobs(pipeline_tasks="named")], ids=["labelled", "named"])
def test_a_task_tells_its_log_and_its_digest(cloud: Emulator, client: DevsClient) -> None:
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
def test_a_task_may_tell_nothing(cloud: Emulator, client: DevsClient) -> None:
    client.create(document())
    client.start("p-1")
    cloud.advance(60)
    (task,) = client.tasks("p-1")
    assert (task.log, task.reported) == (None, frozenset())


ANSWERS: list[tuple[str, int, str, type[PipelineError]]] = [
    ("there is none", 404, "NoSuchThing", PipelineNotFound),
    ("there is no such API", 404, "InvalidAction.NotFound", PipelineRejected),
    ("no right", 403, "NoPermission", PipelineDenied),
    ("an expired token", 400, "InvalidSecurityToken.Expired", PipelineDenied),
    ("a wrong request", 400, "InvalidArgument", PipelineRejected),
    ("throttling with its status", 429, "TooMany", PipelineUnavailable),
    ("throttling with a code only", 400, "Throttling.User", PipelineUnavailable),
    ("a fault of the service", 500, "InternalError", PipelineUnavailable),
]


@pytest.mark.parametrize(("status", "code", "error"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_every_answer_has_its_type_and_only_passing_ones_are_tried_again(
    cloud: Emulator, client: DevsClient, status: int, code: str, error: type[PipelineError]
) -> None:
    cloud.fail_next("GetPipeline", status=status, code=code, message="because", times=3)
    with pytest.raises(error, match=f"p-1.*{code}: because"):
        client.get("p-1")
    assert cloud.calls.count("GetPipeline") == (3 if error.temporary else 1)


@pytest.mark.parametrize("kind", ["html-502", "empty", "reset"])
def test_answers_that_are_none_are_tried_again(cloud: Emulator, client: DevsClient, kind: str) -> None:
    client.create(document())
    cloud.fail_next("GetPipeline", kind=kind, times=2)  # type: ignore[arg-type]
    assert client.get("p-1").name == "p-1"


def test_a_wrong_secret_is_denied_and_never_printed(cloud: Emulator) -> None:
    with pytest.raises(PipelineDenied, match="Signature") as raised:
        client_of(cloud, "not-the-secret").get("p-1")
    assert "not-the-secret" not in str(raised.value)


def test_nobody_at_the_endpoint_names_the_endpoint() -> None:
    client = DevsClient(endpoint="http://127.0.0.1:9", credentials=Credentials("a", "b"), retry=AT_ONCE)
    with pytest.raises(PipelineUnavailable, match=r"127\.0\.0\.1:9"):
        client.get("p-1")


def test_knows_the_endpoint_that_the_sdk_does_not() -> None:
    assert DevsClient().endpoint == "devs.cn-hangzhou.aliyuncs.com"
