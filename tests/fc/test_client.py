"""The FC client against the emulator, with the unchanged SDK on the wire."""

import pytest
from alibabacloud_fc20230330 import models

from fcpin.emulator import Emulator
from fcpin.errors import (
    FunctionConflict,
    FunctionDenied,
    FunctionError,
    FunctionExists,
    FunctionNotFound,
    FunctionRejected,
    FunctionUnavailable,
)
from fcpin.fc.client import FunctionClient, default_endpoint
from fcpin.http.credentials import Credentials
from tests.emulator.clients import fc
from tests.fc.regional import AT_ONCE, BODY, IMAGE, client_of


def test_creates_reads_updates_and_deletes(client: FunctionClient) -> None:
    assert client.create("checkout", BODY).image == IMAGE
    assert client.get("checkout").digest is not None
    assert client.update("checkout", {"description": "the till"}).wire["description"] == "the till"
    client.delete("checkout")
    client.delete("checkout")  # of a missing one succeeds
    with pytest.raises(FunctionNotFound, match="checkout"):
        client.get("checkout")


def test_a_function_with_triggers_is_not_deleted(cloud: Emulator, client: FunctionClient) -> None:
    client.create("checkout", BODY)
    body = models.CreateTriggerInput(trigger_name="web", trigger_type="http", trigger_config="{}")
    fc(cloud).create_trigger("checkout", models.CreateTriggerRequest(body=body))
    with pytest.raises(FunctionRejected, match=r"checkout.*FunctionNotEmpty: function 'checkout' has active triggers"):
        client.delete("checkout")
    assert client.get("checkout").name == "checkout"


def test_lists_every_page(client: FunctionClient) -> None:
    for number in range(103):
        client.create(f"f{number:03}", BODY)
    assert [function.name for function in client.list("f")] == [f"f{number:03}" for number in range(103)]


def test_a_published_version_keeps_its_image_and_has_a_name(cloud: Emulator, client: FunctionClient) -> None:
    first = client.create("checkout", BODY).digest
    cloud.publish_version("checkout")
    second = cloud.push("shop/app", "main-1", content="two")
    client.update("checkout", {"customContainerConfig": {"image": IMAGE}})
    cloud.publish_version("checkout")
    cloud.create_alias("checkout", "prod", "1", {"2": 0.1})
    assert list(client.versions("checkout")) == ["2", "1"]
    assert [client.get("checkout", which).digest for which in ("1", "prod", "2", "")] == [first, first, second, second]
    (alias,) = client.aliases("checkout")
    assert (alias.name, alias.versions, alias.weights) == ("prod", ("1", "2"), {"2": 0.1})


@pytest.mark.parametrize("qualifier", ["7", "prod"])
def test_a_version_or_alias_that_is_not_there_is_not_found(client: FunctionClient, qualifier: str) -> None:
    client.create("checkout", BODY)
    with pytest.raises(FunctionNotFound, match=qualifier):
        client.get("checkout", qualifier)


def test_fields_that_the_sdk_does_not_know_come_through_both_ways(client: FunctionClient) -> None:
    client.create("checkout", {**BODY, "customContainerConfig": {"image": IMAGE, "fieldOfTomorrow": {"a": 1}}})
    function = client.get("checkout")
    assert function.container["fieldOfTomorrow"] == {"a": 1}
    sent = {**function.container, "port": 9000}
    assert client.update("checkout", {"customContainerConfig": sent}).container["fieldOfTomorrow"] == {"a": 1}


ANSWERS: list[tuple[str, int, str, type[FunctionError]]] = [
    ("another update is in progress", 409, "ConcurrentUpdateError", FunctionConflict),
    ("it exists", 409, "FunctionAlreadyExists", FunctionExists),
    ("no right", 403, "AccessDenied", FunctionDenied),
    ("an expired token", 403, "InvalidSecurityToken.Expired", FunctionDenied),
    ("a wrong request", 400, "InvalidArgument", FunctionRejected),
    ("throttling with its status", 429, "ResourceExhausted", FunctionUnavailable),
    ("throttling with a code only", 400, "Throttling.User", FunctionUnavailable),
    ("a fault of the service", 500, "InternalServerError", FunctionUnavailable),
    ("an unknown code", 418, "Teapot", FunctionRejected),
]


@pytest.mark.parametrize(("status", "code", "error"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_every_error_code_has_its_type_and_only_temporary_ones_are_retried(
    cloud: Emulator, client: FunctionClient, status: int, code: str, error: type[FunctionError]
) -> None:
    cloud.fail_next("GetFunction", status=status, code=code, message="because", times=3)
    with pytest.raises(error, match=f"checkout.*{code}: because"):
        client.get("checkout")
    assert cloud.calls.count("GetFunction") == (3 if error.temporary else 1)


@pytest.mark.parametrize("kind", ["html-502", "empty", "reset"])
def test_responses_that_are_not_json_are_retried(cloud: Emulator, client: FunctionClient, kind: str) -> None:
    client.create("checkout", BODY)
    cloud.fail_next("GetFunction", kind=kind, times=2)  # type: ignore[arg-type]
    assert client.get("checkout").name == "checkout"


def test_a_wrong_secret_is_denied_and_never_printed(cloud: Emulator) -> None:
    with pytest.raises(FunctionDenied, match="Signature") as raised:
        client_of(cloud, "not-the-secret").get("checkout")
    assert "not-the-secret" not in str(raised.value)


def test_a_refused_connection_names_the_endpoint() -> None:
    client = FunctionClient(
        "cn-hangzhou", endpoint="http://127.0.0.1:9", credentials=Credentials("a", "b"), retry=AT_ONCE
    )
    with pytest.raises(FunctionUnavailable, match=r"127\.0\.0\.1:9"):
        client.get("checkout")


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("cn-hangzhou", "fcv3.cn-hangzhou.aliyuncs.com"),
        ("ap-southeast-5", "fcv3.ap-southeast-5.aliyuncs.com"),
        ("cn-shanghai-finance-1", "cn-shanghai-finance-1.fc.aliyuncs.com"),
    ],
)
def test_knows_the_endpoint_of_a_region(region: str, endpoint: str) -> None:
    assert default_endpoint(region) == endpoint
