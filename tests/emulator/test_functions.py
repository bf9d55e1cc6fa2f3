"""Function Compute through its SDK: every operation, its limits and its errors."""

from typing import Any

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_tea_openapi.exceptions import ClientException

from fcpin.emulator import Emulator, EmulatorError, Knobs
from tests.emulator.clients import HOST, IMAGE, Functions, code, resolved

CONTAINER = "customContainerConfig"


def test_a_new_function_has_the_shape_of_the_documentation(cloud: Emulator, functions: Functions) -> None:
    digest = cloud.push("shop/app", "main", content="one")
    function = functions.create(description="shop", environmentVariables={"A": "b"}, cpu=0.5, memorySize=1024)
    assert function["functionArn"] == "acs:fc:cn-hangzhou:1234567890123456:functions/fn"
    assert function["createdTime"].endswith("Z")
    assert function["lastModifiedTime"] == function["createdTime"]
    assert function[CONTAINER]["image"] == IMAGE
    assert function[CONTAINER]["resolvedImageUri"] == f"{HOST}/shop/app@{digest}"
    assert function["environmentVariables"] == {"A": "b"}
    assert (function["cpu"], function["memorySize"], function["diskSize"], function["timeout"]) == (0.5, 1024, 512, 3)
    assert functions.get() == function
    latest = cloud.push("shop/app", "latest", content="newest")
    assert resolved(functions.create("other", f"{HOST}/shop/app")) == latest


def test_fields_that_were_never_set_are_absent(cloud: Emulator, functions: Functions) -> None:
    """As in recorded responses of GetFunction. The SDK's models hide it."""
    functions.create_active()
    function = cloud.function("fn")
    assert function["codeChecksum"] == ""
    assert set(function[CONTAINER]) == {"image", "resolvedImageUri"}
    assert not {"environmentVariables", "layers", "tags", "stateReason", "stateReasonCode"} & set(function)
    settings: dict[str, Any] = {"environmentVariables": {"A": "b"}, "layers": ["acs:fc:layer"]}
    cloud.configure("fn", settings)
    assert settings.items() <= cloud.function("fn").items()
    cloud.configure("fn", {"environmentVariables": {}, "layers": []})
    assert not settings.keys() & cloud.function("fn").keys()


ADA = {"gpuType": "fc.gpu.ada.1", "gpuMemorySize": 49152}
INVALID: list[tuple[str, dict[str, Any], str]] = [
    ("a name that begins with a digit", {"name": "1st"}, "functionName '1st'"),
    ("a name of 65 letters", {"name": "a" * 65}, "functionName"),
    ("no handler", {"handler": ""}, "Handler is required but not provided"),
    ("a handler of 129 letters", {"handler": "a" * 129}, "128"),
    ("another runtime", {"runtime": "python3.10"}, "python3.10"),
    ("no image", {"image": ""}, "customContainerConfig.image is required"),
    ("an invalid image", {"image": "shop"}, "invalid image reference"),
    ("code and a container", {"code": {"zipFile": "UEsFBg=="}}, "zipFile"),
    ("cpu that is not a multiple of 0.05", {"cpu": 0.33}, "multiple of 0.05"),
    ("too much cpu", {"cpu": 16.05}, "multiple of 0.05"),
    ("memory that is not a multiple of 64", {"memorySize": 500}, "multiple of 64"),
    ("more than 4 GB for a cpu", {"cpu": 0.1, "memorySize": 512}, "between 1:1 and 1:4"),
    ("less than 1 GB for a cpu", {"cpu": 2, "memorySize": 512}, "between 1:1 and 1:4"),
    ("a disk of another size", {"diskSize": 1024}, "512 or 10240"),
    ("a big disk without a GPU", {"diskSize": 61440}, "512 or 10240"),
    ("a disk off its step, with a GPU", {"diskSize": 20000, "gpuConfig": ADA}, "multiple of 10240"),
    ("a disk beyond 200 GB", {"diskSize": 215040, "gpuConfig": ADA}, "up to 204800"),
    ("an unknown GPU", {"gpuConfig": {"gpuType": "fc.gpu.nonsense", "gpuMemorySize": 1024}}, "fc.gpu.ada.1"),
    ("memory of a GPU off its step", {"gpuConfig": {**ADA, "gpuMemorySize": 3000}}, "multiple of 1024"),
    ("more than 16 cards", {"gpuConfig": {**ADA, "gpuMemorySize": 17 * 49152}}, "17 cards"),
    ("more cpu than the cards have", {"cpu": 25, "gpuConfig": ADA}, "0.05 to 24"),
    ("more memory than the cards have", {"memorySize": 262144, "gpuConfig": ADA}, "128 to 253952"),
    ("a long initializer", {"instanceLifecycleConfig": {"initializer": {"timeout": 301}}}, "1 to 300"),
    ("a long preStop hook", {"instanceLifecycleConfig": {"preStop": {"timeout": 91}}}, "1 to 90"),
    ("a timeout of more than a day", {"timeout": 86401}, "timeout 86401"),
    ("concurrency beyond 200", {"instanceConcurrency": 201}, "instanceConcurrency 201"),
    ("a port beyond 65535", {"container": {"port": 70000}}, "port 70000"),
    ("a long health check", {"container": {"healthCheckConfig": {"timeoutSeconds": 4}}}, "timeoutSeconds 4"),
]


@pytest.mark.parametrize(("label", "settings", "fact"), INVALID, ids=[row[0] for row in INVALID])
def test_invalid_settings(shared: Emulator, label: str, settings: dict[str, Any], fact: str) -> None:
    with pytest.raises(ClientException, match=fact) as failed:
        Functions(shared).create(**settings)
    assert (failed.value.status_code, failed.value.code) == (400, "InvalidArgument")
    assert shared.functions() == []


GPUS: list[tuple[str, dict[str, Any]]] = [
    ("Ada, as in the console's example", {"cpu": 8, "memorySize": 65536, "gpuConfig": ADA}),
    ("Hopper", {"cpu": 24, "memorySize": 122880, "diskSize": 61440, "gpuConfig": {"gpuType": "fc.gpu.hopper.1", "gpuMemorySize": 98304}}),
    ("two cards", {"cpu": 32, "memorySize": 131072, "gpuConfig": {**ADA, "gpuMemorySize": 98304}}),
    ("a part of a card", {"cpu": 2, "memorySize": 8192, "gpuConfig": {"gpuType": "fc.gpu.tesla.1", "gpuMemorySize": 4096}}),
]  # fmt: skip


@pytest.mark.parametrize("settings", [row[1] for row in GPUS], ids=[row[0] for row in GPUS])
def test_functions_with_gpus_are_larger(functions: Functions, settings: dict[str, Any]) -> None:
    assert functions.create(**settings)["cpu"] == settings["cpu"]


def test_a_locked_function_is_neither_updated_nor_deleted(cloud: Emulator, functions: Functions) -> None:
    functions.create_active()
    cloud.lock("fn", by="ops", resources=["function", "alias"])
    assert functions.get()["lockInfo"].keys() == {"lockedAt", "lockedBy", "lockedResources"}
    assert code(functions.update, timeout=9) == (403, "FunctionLocked")
    with pytest.raises(ClientException, match="locked by ops"):
        functions("DeleteFunction", "fn")
    cloud.lock("fn", by="ops", resources=["alias"])
    assert functions.update(timeout=9)["timeout"] == 9
    cloud.lock("fn")
    assert "lockInfo" not in functions.get()


def test_a_restricted_function_cannot_be_invoked(cloud: Emulator, functions: Functions) -> None:
    functions.create_active()
    cloud.restrict("fn", reason="overdue payment")
    assert functions.get()["invocationRestriction"] == {"disable": True, "reason": "overdue payment"}
    assert cloud.invoke("fn").code == "FunctionDisabled"
    cloud.restrict("fn")
    assert cloud.invoke("fn").status == 200
    assert "invocationRestriction" not in functions.get()


@pytest.mark.parametrize("knobs", [Knobs(update_answer="bare")])
def test_an_answer_may_lack_the_status(cloud: Emulator, functions: Functions) -> None:
    status = ("state", "lastUpdateStatus")
    assert not {key for key in functions.create() if key.startswith(status)}
    assert functions.get()["state"] == "Pending"
    cloud.advance(60)
    updated = functions.update(timeout=9)
    assert updated["timeout"] == 9
    assert not {key for key in updated if key.startswith(status)}
    assert functions.get()["lastUpdateStatus"] == "InProgress"


@pytest.mark.parametrize("knobs", [Knobs(update_answer="stale")])
def test_an_answer_may_be_older_than_the_update(functions: Functions) -> None:
    before = functions.create_active()
    assert functions.update(timeout=9) == before
    assert (functions.get()["timeout"], functions.get()["lastUpdateStatus"]) == (9, "InProgress")


def test_errors_have_code_status_and_request_id(functions: Functions) -> None:
    with pytest.raises(ClientException, match="function 'other' does not exist") as missing:
        functions.get("other")
    assert (missing.value.status_code, missing.value.code) == (404, "FunctionNotFound")
    assert missing.value.data["RequestId"].startswith("1-")
    functions.create()
    assert code(functions.create) == (409, "FunctionAlreadyExists")
    with pytest.raises(ClientException, match="'/2023-03-30/layers' against 'GET' is not supported") as unsupported:
        functions("ListLayers")
    assert (unsupported.value.status_code, unsupported.value.code) == (400, "PathNotSupported")
    functions("DeleteFunction", "fn")
    assert code(functions, "DeleteFunction", "fn") == (404, "FunctionNotFound")


def test_an_update_merges_into_the_settings(cloud: Emulator, functions: Functions) -> None:
    container = {"port": 8080, "command": ["serve"], "healthCheckConfig": {"httpGetUrl": "/ready"}}
    before = functions.create_active(description="shop", environmentVariables={"A": "1"}, container=container)
    function = functions.update(timeout=60, environmentVariables={"B": "2"})
    assert (function["timeout"], function["description"], function["environmentVariables"]) == (60, "shop", {"B": "2"})
    assert (function[CONTAINER]["port"], function[CONTAINER]["command"]) == (8080, ["serve"])
    assert function[CONTAINER]["healthCheckConfig"]["httpGetUrl"] == "/ready"
    function = functions.update(description="", customContainerConfig={"command": []})
    assert (function["description"], function[CONTAINER]["command"]) == ("", [])
    with pytest.raises(ClientException, match="diskSize 1"):
        functions.update(diskSize=1, timeout=9)
    cloud.configure("fn", {"functionName": "other", "state": "Failed", "newField": 1, CONTAINER: {"newer": 2}})
    functions.update_image()
    after = cloud.function("fn")
    assert [after[key] for key in ("functionId", "functionName", "state", "timeout", "newField")] == [
        before["functionId"],
        "fn",
        "Active",
        60,
        1,
    ]
    assert after[CONTAINER]["newer"] == 2


def test_port_0_is_no_port(functions: Functions) -> None:
    """pulumi-alicloud sends it if the program gives none."""
    functions.create_active(container={"port": 0})
    assert "port" not in functions.cloud.function("fn")[CONTAINER]
    functions.cloud.configure("fn", {CONTAINER: {"port": 8080}})
    functions.cloud.configure("fn", {CONTAINER: {"port": 0}})
    assert functions.cloud.function("fn")[CONTAINER]["port"] == 8080


def names(functions: Functions, **query: Any) -> list[str]:
    return [one["functionName"] for one in functions("ListFunctions", **query)["functions"]]


def test_functions_are_listed_in_pages_and_by_tag(functions: Functions) -> None:
    for number in range(3):
        functions.create(f"shop-{number}", tags=[{"Key": "team", "Value": f"a {number}"}])
    functions.create("other")
    first = functions("ListFunctions", prefix="shop", limit=2)
    last = functions("ListFunctions", prefix="shop", limit=2, next_token=first["nextToken"])
    assert [one["functionName"] for one in first["functions"] + last["functions"]] == ["shop-0", "shop-1", "shop-2"]
    assert "nextToken" not in last
    assert names(functions, tags=[models.Tag(key="team", value="a 1")]) == ["shop-1"]
    for query in ({"limit": 101}, {"next_token": "bm9ib2R5"}):
        with pytest.raises(ClientException, match=str(*query.values())):
            functions("ListFunctions", **query)


STATUS_FIELDS = {f"state{part}" for part in ("", "Reason", "ReasonCode")} | {
    f"lastUpdateStatus{part}" for part in ("", "Reason", "ReasonCode")
}
LISTED = [("no-status", STATUS_FIELDS), ("full", set[str]()), ("brief", STATUS_FIELDS | {CONTAINER})]


@pytest.mark.parametrize(
    ("knobs", "hidden"),
    [(Knobs(listed_functions=position), hidden) for position, hidden in LISTED],  # type: ignore[arg-type]
    ids=[row[0] for row in LISTED],
)
def test_a_listing_has_these_fields_of_a_function(functions: Functions, hidden: set[str]) -> None:
    function = functions.create_active()
    (listed,) = functions("ListFunctions")["functions"]
    assert listed == {key: value for key, value in function.items() if key not in hidden}


def test_functions_of_fc_2_are_listed_with_the_names_of_their_services(cloud: Emulator, functions: Functions) -> None:
    functions.create("checkout")
    cloud.create_function("shop$till", {"runtime": "custom-container", CONTAINER: {"image": IMAGE}})
    assert names(functions) == ["checkout", "shop$till"]
    assert names(functions, fc_version="v2") == ["shop$till"]
    assert names(functions, fc_version="v3") == ["checkout"]
    assert functions.get("shop$till")["state"] == "Active"
    with pytest.raises(ClientException, match="fcVersion"):
        names(functions, fc_version="v1")
    with pytest.raises(ClientException, match="functionName"):
        functions.create("shop$other")


def test_versions_and_calls_of_them(cloud: Emulator, functions: Functions) -> None:
    first = resolved(functions.create_active(description="first"))
    assert functions.publish(description="one") == "1"
    second = cloud.push("shop/app", "release-2", content="two")
    functions.update(description="second", customContainerConfig={"image": f"{HOST}/shop/app:release-2"})
    cloud.advance(60)
    assert functions.publish() == "2"
    assert [resolved(functions.get(qualifier=one)) for one in ("1", "2", "LATEST")] == [first, second, second]
    assert functions.get(qualifier="1")["description"] == "first"
    listed = functions("ListFunctionVersions", "fn")["versions"]
    assert [(one["versionId"], one["description"]) for one in listed] == [("2", ""), ("1", "one")]
    forward = functions("ListFunctionVersions", "fn", direction="FORWARD", limit=1)
    assert [one["versionId"] for one in forward["versions"]] == ["1"]
    cloud.create_alias("fn", "prod", "1", {"2": 1.0})
    served = [cloud.invoke("fn", qualifier=one).digest for one in ("", "1", "2", "prod")]
    assert served == [second, first, second, second]
    functions("DeleteFunctionVersion", "fn", "2")
    assert functions.publish() == "3", "a number is never used again"


def test_aliases_are_created_updated_listed_and_deleted(cloud: Emulator, functions: Functions) -> None:
    functions.create_active()
    assert code(functions, "CreateAlias", "fn", body={"aliasName": "prod", "versionId": "7"}) == (
        404,
        "VersionNotFound",
    )
    functions.publish()
    functions.publish()
    alias = {"aliasName": "prod", "versionId": "1", "additionalVersionWeight": {"2": 0.2}}
    with pytest.raises(ClientException, match="from 0 to 1"):
        functions("CreateAlias", "fn", body=alias | {"additionalVersionWeight": {"2": 1.5}})
    assert alias.items() <= functions("CreateAlias", "fn", body=alias).items()
    changed = functions("UpdateAlias", "fn", "prod", body={"versionId": "2", "description": "second"})
    assert (changed["versionId"], changed["description"]) == ("2", "second")
    assert functions("GetAlias", "fn", "prod") == changed
    assert functions.get(qualifier="prod")["functionArn"].endswith("/prod")
    assert [one["aliasName"] for one in functions("ListAliases", "fn", prefix="pr")["aliases"]] == ["prod"]
    functions("DeleteFunctionVersion", "fn", "2")
    assert functions("GetAlias", "fn", "prod")["versionId"] == "2"
    for qualifier in ("2", "prod"):
        assert code(functions.get, qualifier=qualifier) == (404, "VersionNotFound")
    assert cloud.invoke("fn", qualifier="prod").code == "VersionNotFound"
    functions("DeleteAlias", "fn", "prod")
    assert code(functions, "GetAlias", "fn", "prod") == (404, "AliasNotFound")
    assert cloud.invoke("fn", qualifier="prod").code == "AliasNotFound"


def test_resources_are_tagged_and_untagged(functions: Functions) -> None:
    arn = functions.create()["functionArn"]
    tags = [{"Key": "team", "Value": "shop"}, {"Key": "stage", "Value": "dev"}]
    functions("TagResources", body={"ResourceType": "function", "ResourceId": [arn], "Tag": tags})
    assert functions.get()["tags"] == tags
    resource: dict[str, Any] = {"resource_type": "function", "resource_id": [arn]}
    listed = functions("ListTagResources", **resource, tag=[models.Tag(key="team")])["TagResources"]
    assert [(one["TagKey"], one["TagValue"]) for one in listed] == [("team", "shop")]
    functions("UntagResources", **resource, tag_key=["team"])
    assert functions.get()["tags"] == tags[1:]
    functions("UntagResources", **resource, all=True)
    assert functions.get()["tags"] == []


def test_running_instances_are_listed(functions: Functions) -> None:
    functions.create_active()
    functions.cloud.invoke("fn")
    functions.cloud.invoke("fn", cold=True)
    assert [one["versionId"] for one in functions("ListInstances", "fn")["instances"]] == ["0", "0"]


def test_a_micro_sandbox_runs_an_image_and_does_not_report_its_digest(cloud: Emulator, functions: Functions) -> None:
    digest = cloud.push("shop/app", "main")
    with pytest.raises(EmulatorError, match=r"microSandboxConfig\.image is required"):
        cloud.create_function("agent", {"runtime": "micro-sandbox", CONTAINER: {"image": IMAGE}})
    cloud.create_function("agent", {"runtime": "micro-sandbox", "microSandboxConfig": {"image": IMAGE}})
    assert functions.get("agent")["microSandboxConfig"] == {"image": IMAGE}
    assert cloud.invoke("agent", cold=True).digest == digest
    cloud.delete_tag("shop/app", "main")
    assert cloud.invoke("agent", cold=True).code == "PullImageFailed"
