"""Function Compute through its SDK: every operation, its limits and its errors."""

from typing import Any

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_tea_openapi.exceptions import ClientException

from fcpin.emulator import Emulator, EmulatorError, Knobs
from tests.emulator.clients import HOST, IMAGE, Functions, resolved


def test_a_new_function_has_the_shape_of_the_documentation(cloud: Emulator, functions: Functions) -> None:
    digest = cloud.push("shop/app", "main", content="one")
    function = functions.create(description="shop", environmentVariables={"A": "b"}, cpu=0.5, memorySize=1024)
    assert function["functionArn"] == "acs:fc:cn-hangzhou:1234567890123456:functions/fn"
    assert function["createdTime"].endswith("Z")
    assert function["lastModifiedTime"] == function["createdTime"]
    assert function["customContainerConfig"]["image"] == IMAGE
    assert function["customContainerConfig"]["resolvedImageUri"] == f"{HOST}/shop/app@{digest}"
    assert function["environmentVariables"] == {"A": "b"}
    assert (function["cpu"], function["memorySize"], function["diskSize"], function["timeout"]) == (0.5, 1024, 512, 3)
    assert functions.get() == function


def test_what_was_never_set_is_absent(cloud: Emulator, functions: Functions) -> None:
    """As recorded answers of GetFunction show: the SDK's models hide it."""
    functions.create()
    cloud.advance(60)
    function = cloud.function("fn")
    assert function["codeChecksum"] == ""
    assert set(function["customContainerConfig"]) == {"image", "resolvedImageUri"}
    assert not {"environmentVariables", "layers", "tags", "stateReason", "stateReasonCode"} & set(function)
    cloud.configure("fn", {"environmentVariables": {"A": "b"}, "layers": ["acs:fc:layer"]})
    assert cloud.function("fn")["environmentVariables"] == {"A": "b"}
    assert cloud.function("fn")["layers"] == ["acs:fc:layer"]
    cloud.configure("fn", {"environmentVariables": {}, "layers": []})
    assert not {"environmentVariables", "layers"} & set(cloud.function("fn"))


def test_an_image_without_a_tag_is_the_latest(cloud: Emulator, functions: Functions) -> None:
    latest = cloud.push("shop/app", "latest", content="newest")
    function = functions.create(image=f"{HOST}/shop/app")
    assert resolved(function) == latest
    assert function["customContainerConfig"]["image"] == f"{HOST}/shop/app"


ADA = {"gpuType": "fc.gpu.ada.1", "gpuMemorySize": 49152}
INVALID: list[tuple[str, dict[str, Any], str]] = [
    ("a name that begins with a digit", {"name": "1st"}, "functionName '1st'"),
    ("a name of 65 letters", {"name": "a" * 65}, "functionName"),
    ("no handler", {"handler": ""}, "Handler is required but not provided"),
    ("a handler of 129 letters", {"handler": "a" * 129}, "128"),
    ("another runtime", {"runtime": "python3.10"}, "python3.10"),
    ("no image", {"image": ""}, "customContainerConfig.image is required"),
    ("an image that is no reference", {"image": "shop"}, "invalid image reference"),
    ("code and a container", {"code": {"zipFile": "UEsFBg=="}}, "zipFile"),
    ("cpu that is no multiple of 0.05", {"cpu": 0.33}, "multiple of 0.05"),
    ("too much cpu", {"cpu": 16.05}, "multiple of 0.05"),
    ("memory that is no multiple of 64", {"memorySize": 500}, "multiple of 64"),
    ("more than 4 GB for a cpu", {"cpu": 0.1, "memorySize": 512}, "between 1:1 and 1:4"),
    ("less than 1 GB for a cpu", {"cpu": 2, "memorySize": 512}, "between 1:1 and 1:4"),
    ("a disk of another size", {"diskSize": 1024}, "512 or 10240"),
    ("a big disk without a GPU", {"diskSize": 61440}, "512 or 10240"),
    ("a disk off its step, with a GPU", {"diskSize": 20000, "gpuConfig": ADA}, "multiple of 10240"),
    ("a disk beyond 200 GB", {"diskSize": 215040, "gpuConfig": ADA}, "up to 204800"),
    ("a GPU that there is not", {"gpuConfig": {"gpuType": "fc.gpu.nonsense", "gpuMemorySize": 1024}}, "fc.gpu.ada.1"),
    ("memory of a GPU off its step", {"gpuConfig": {**ADA, "gpuMemorySize": 3000}}, "multiple of 1024"),
    ("more than 16 cards", {"gpuConfig": {**ADA, "gpuMemorySize": 17 * 49152}}, "17 cards"),
    ("more cpu than the cards have", {"cpu": 25, "gpuConfig": ADA}, "0.05 to 24"),
    ("more memory than the cards have", {"memorySize": 262144, "gpuConfig": ADA}, "128 to 253952"),
    ("a long initializer", {"instanceLifecycleConfig": {"initializer": {"timeout": 301}}}, "1 to 300"),
    ("a long preStop hook", {"instanceLifecycleConfig": {"preStop": {"timeout": 91}}}, "1 to 90"),
    ("a timeout of more than a day", {"timeout": 86401}, "timeout 86401"),
    ("concurrency beyond 200", {"instanceConcurrency": 201}, "instanceConcurrency 201"),
    ("a port beyond 65535", {"container": {"port": 70000}}, "port 70000"),
    (
        "a health check beyond its limit",
        {"container": {"healthCheckConfig": {"timeoutSeconds": 4}}},
        "timeoutSeconds 4",
    ),
]


@pytest.mark.parametrize(("label", "settings", "fact"), INVALID, ids=[row[0] for row in INVALID])
def test_what_is_refused_at_creation(functions: Functions, label: str, settings: dict[str, Any], fact: str) -> None:
    with pytest.raises(ClientException, match=fact) as refused:
        functions.create(**settings)
    assert (refused.value.status_code, refused.value.code) == (400, "InvalidArgument")
    assert functions.cloud.functions() == []


GPUS: list[tuple[str, dict[str, Any]]] = [
    ("Ada, as in the console's example", {"cpu": 8, "memorySize": 65536, "gpuConfig": ADA}),
    ("Hopper", {"cpu": 24, "memorySize": 122880, "diskSize": 61440, "gpuConfig": {"gpuType": "fc.gpu.hopper.1", "gpuMemorySize": 98304}}),
    ("two cards", {"cpu": 32, "memorySize": 131072, "gpuConfig": {**ADA, "gpuMemorySize": 98304}}),
    ("a part of a card", {"cpu": 2, "memorySize": 8192, "gpuConfig": {"gpuType": "fc.gpu.tesla.1", "gpuMemorySize": 4096}}),
]  # fmt: skip


@pytest.mark.parametrize("settings", [row[1] for row in GPUS], ids=[row[0] for row in GPUS])
def test_functions_with_gpus_are_bigger(functions: Functions, settings: dict[str, Any]) -> None:
    assert functions.create(**settings)["cpu"] == settings["cpu"]


def test_a_locked_function_is_neither_updated_nor_deleted(cloud: Emulator, functions: Functions) -> None:
    functions.create_active()
    cloud.lock("fn", by="ops", resources=["function", "alias"])
    assert functions.get()["lockInfo"].keys() == {"lockedAt", "lockedBy", "lockedResources"}
    for change in (lambda: functions.update(timeout=9), lambda: functions.sdk.delete_function("fn")):
        with pytest.raises(ClientException, match="locked by ops") as refused:
            change()
        assert (refused.value.status_code, refused.value.code) == (403, "FunctionLocked")
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


STATUS = ("state", "lastUpdateStatus")


@pytest.mark.parametrize("knobs", [Knobs(update_answer="bare")])
def test_an_answer_may_lack_the_status(cloud: Emulator, functions: Functions) -> None:
    assert not {key for key in functions.create() if key.startswith(STATUS)}
    assert functions.get()["state"] == "Pending"
    cloud.advance(60)
    updated = functions.update(timeout=9)
    assert updated["timeout"] == 9
    assert not {key for key in updated if key.startswith(STATUS)}
    assert functions.get()["lastUpdateStatus"] == "InProgress"


@pytest.mark.parametrize("knobs", [Knobs(update_answer="stale")])
def test_an_answer_may_be_older_than_the_update(functions: Functions) -> None:
    before = functions.create_active()
    assert functions.update(timeout=9) == before
    assert (functions.get()["timeout"], functions.get()["lastUpdateStatus"]) == (9, "InProgress")


def test_a_refused_update_changes_nothing(functions: Functions) -> None:
    before = functions.create_active()
    with pytest.raises(ClientException, match="diskSize 1"):
        functions.update(diskSize=1)
    assert functions.get() == before


def test_errors_carry_code_status_and_a_request_id(functions: Functions) -> None:
    with pytest.raises(ClientException) as missing:
        functions.get("other")
    assert (missing.value.status_code, missing.value.code) == (404, "FunctionNotFound")
    assert "function 'other' does not exist" in missing.value.message
    assert missing.value.data["RequestId"].startswith("1-")

    functions.create()
    with pytest.raises(ClientException) as there:
        functions.create()
    assert (there.value.status_code, there.value.code) == (409, "FunctionAlreadyExists")


def test_an_answer_carries_its_request_id_in_a_header(functions: Functions) -> None:
    functions.create()
    answer = functions.sdk.get_function("fn", models.GetFunctionRequest())
    assert answer.headers["x-fc-request-id"].startswith("1-")


def test_unsupported_settings_are_refused_by_name(functions: Functions) -> None:
    path = "'/2023-03-30/layers' against 'GET' is not supported"
    with pytest.raises(ClientException, match=path) as missing:
        functions.sdk.list_layers(models.ListLayersRequest())
    assert (missing.value.status_code, missing.value.code) == (400, "PathNotSupported")


def test_an_update_leaves_alone_what_it_does_not_name(functions: Functions) -> None:
    functions.create_active(
        description="shop",
        environmentVariables={"A": "1"},
        container={"port": 8080, "command": ["serve"], "healthCheckConfig": {"httpGetUrl": "/ready"}},
    )
    function = functions.update(timeout=60, environmentVariables={"B": "2"})
    assert (function["timeout"], function["description"], function["environmentVariables"]) == (60, "shop", {"B": "2"})
    container = function["customContainerConfig"]
    assert (container["port"], container["command"]) == (8080, ["serve"])
    assert container["healthCheckConfig"]["httpGetUrl"] == "/ready"


def test_an_explicit_empty_value_clears(functions: Functions) -> None:
    functions.create_active(description="shop", container={"command": ["serve"]})
    function = functions.update(description="", customContainerConfig={"command": []})
    assert (function["description"], function["customContainerConfig"]["command"]) == ("", [])


def test_what_only_fc_sets_is_ignored_in_a_request(functions: Functions) -> None:
    before = functions.create_active()
    functions.cloud.configure("fn", {"functionName": "other", "state": "Failed", "lastUpdateStatus": "Failed"})
    after = functions.get()
    assert [after[key] for key in ("functionName", "state", "lastUpdateStatus")] == ["fn", "Active", "Successful"]
    assert after["functionId"] == before["functionId"]


def test_port_0_is_no_port(functions: Functions) -> None:
    """pulumi-alicloud sends it where the program gives none."""
    functions.create_active(container={"port": 0})
    assert "port" not in functions.cloud.function("fn")["customContainerConfig"]
    functions.cloud.configure("fn", {"customContainerConfig": {"port": 8080}})
    functions.cloud.configure("fn", {"customContainerConfig": {"port": 0}})
    assert functions.cloud.function("fn")["customContainerConfig"]["port"] == 8080


def test_fields_that_the_sdk_does_not_know_survive(functions: Functions) -> None:
    functions.create_active()
    functions.cloud.configure("fn", {"newField": 1, "customContainerConfig": {"newer": 2}})
    functions.update_image()
    function = functions.cloud.function("fn")
    assert (function["newField"], function["customContainerConfig"]["newer"]) == (1, 2)


def test_a_deleted_function_is_gone(functions: Functions) -> None:
    functions.create()
    answer = functions.sdk.delete_function("fn")
    assert answer.status_code == 204
    with pytest.raises(ClientException, match="does not exist"):
        functions.sdk.delete_function("fn")


def test_functions_are_listed_by_name_page_after_page(functions: Functions) -> None:
    for number in range(5):
        functions.create(f"shop-{number}")
    functions.create("other")
    names, token = [], None
    for _ in range(3):
        page = functions.sdk.list_functions(models.ListFunctionsRequest(prefix="shop", limit=2, next_token=token)).body
        names += [function.function_name for function in page.functions]
        token = page.next_token
    assert names == [f"shop-{number}" for number in range(5)]
    assert token is None


def test_functions_are_listed_by_tag(functions: Functions) -> None:
    functions.create("one", tags=[{"Key": "team", "Value": "a b"}])
    functions.create("two", tags=[{"Key": "team", "Value": "c"}])
    wanted = models.ListFunctionsRequest(tags=[models.Tag(key="team", value="a b")])
    assert [one.function_name for one in functions.sdk.list_functions(wanted).body.functions] == ["one"]


@pytest.mark.parametrize(("name", "value"), [("limit", 101), ("next_token", "bm9ib2R5")])
def test_a_page_that_cannot_be(functions: Functions, name: str, value: Any) -> None:
    with pytest.raises(ClientException, match=str(value)):
        functions.sdk.list_functions(models.ListFunctionsRequest(**{name: value}))


def test_a_published_version_never_changes(cloud: Emulator, functions: Functions) -> None:
    first = resolved(functions.create_active(description="first"))
    published = functions.sdk.publish_function_version(
        "fn", models.PublishFunctionVersionRequest(body=models.PublishVersionInput(description="one"))
    ).body
    assert (published.version_id, published.description) == ("1", "one")

    second = cloud.push("shop/app", "main", content="two")
    functions.update(description="second", customContainerConfig={"image": IMAGE})
    cloud.advance(60)
    functions.sdk.publish_function_version(
        "fn", models.PublishFunctionVersionRequest(body=models.PublishVersionInput())
    )

    assert [resolved(functions.get(qualifier=one)) for one in ("1", "2", "LATEST")] == [first, second, second]
    assert functions.get(qualifier="1")["description"] == "first"
    listed = functions.sdk.list_function_versions("fn", models.ListFunctionVersionsRequest()).body
    assert [version.version_id for version in listed.versions] == ["2", "1"]
    forward = models.ListFunctionVersionsRequest(direction="FORWARD", limit=1)
    assert [one.version_id for one in functions.sdk.list_function_versions("fn", forward).body.versions] == ["1"]


def test_a_version_is_deleted_from_under_its_alias_which_then_fails(cloud: Emulator, functions: Functions) -> None:
    functions.create_active()
    for _ in range(2):
        functions.sdk.publish_function_version(
            "fn", models.PublishFunctionVersionRequest(body=models.PublishVersionInput())
        )
    functions.sdk.create_alias(
        "fn", models.CreateAliasRequest(body=models.CreateAliasInput(alias_name="prod", version_id="1"))
    )
    assert functions.get(qualifier="prod")["functionArn"].endswith("/prod")
    assert functions.sdk.delete_function_version("fn", "1").status_code == 204
    assert functions.sdk.get_alias("fn", "prod").body.version_id == "1"
    for qualifier in ("1", "prod"):
        with pytest.raises(ClientException, match="version '1'") as missing:
            functions.get(qualifier=qualifier)
        assert (missing.value.status_code, missing.value.code) == (404, "VersionNotFound")
    assert cloud.invoke("fn", qualifier="prod").code == "VersionNotFound"
    assert functions.get(qualifier="2")["functionArn"].endswith("/2")
    with pytest.raises(ClientException) as none:
        functions.get(qualifier="staging")
    assert none.value.code == "AliasNotFound"


def test_aliases_are_made_changed_listed_and_deleted(functions: Functions) -> None:
    functions.create_active()
    for _ in range(2):
        functions.sdk.publish_function_version(
            "fn", models.PublishFunctionVersionRequest(body=models.PublishVersionInput())
        )
    made = functions.sdk.create_alias(
        "fn",
        models.CreateAliasRequest(
            body=models.CreateAliasInput(alias_name="prod", version_id="1", additional_version_weight={"2": 0.2})
        ),
    ).body
    assert (made.alias_name, made.version_id, made.additional_version_weight) == ("prod", "1", {"2": 0.2})
    changed = functions.sdk.update_alias(
        "fn", "prod", models.UpdateAliasRequest(body=models.UpdateAliasInput(version_id="2", description="second"))
    ).body
    assert (changed.version_id, changed.description) == ("2", "second")
    assert functions.sdk.get_alias("fn", "prod").body.to_map() == changed.to_map()
    assert functions.get(qualifier="prod")["functionArn"].endswith("/prod")
    listed = functions.sdk.list_aliases("fn", models.ListAliasesRequest(prefix="pr")).body
    assert [alias.alias_name for alias in listed.aliases] == ["prod"]
    assert functions.sdk.delete_alias("fn", "prod").status_code == 204
    with pytest.raises(ClientException) as missing:
        functions.sdk.get_alias("fn", "prod")
    assert missing.value.code == "AliasNotFound"


def test_an_alias_takes_versions_that_exist_and_one_weight(functions: Functions) -> None:
    functions.create_active()
    body = models.CreateAliasInput(alias_name="prod", version_id="7")
    with pytest.raises(ClientException, match="version '7'"):
        functions.sdk.create_alias("fn", models.CreateAliasRequest(body=body))
    functions.sdk.publish_function_version(
        "fn", models.PublishFunctionVersionRequest(body=models.PublishVersionInput())
    )
    body = models.CreateAliasInput(alias_name="prod", version_id="1", additional_version_weight={"1": 1.5})
    with pytest.raises(ClientException, match="from 0 to 1"):
        functions.sdk.create_alias("fn", models.CreateAliasRequest(body=body))


def test_resources_are_tagged_and_untagged(functions: Functions) -> None:
    arn = functions.create()["functionArn"]
    tags = [models.Tag(key="team", value="shop"), models.Tag(key="stage", value="dev")]
    body = models.TagResourcesInput(resource_type="function", resource_id=[arn], tag=tags)
    functions.sdk.tag_resources(models.TagResourcesRequest(body=body))
    assert functions.get()["tags"] == [{"Key": "team", "Value": "shop"}, {"Key": "stage", "Value": "dev"}]

    wanted = models.ListTagResourcesRequest(resource_type="function", resource_id=[arn], tag=[models.Tag(key="team")])
    listed = functions.sdk.list_tag_resources(wanted).body.to_map()["TagResources"]
    assert [(one["TagKey"], one["TagValue"]) for one in listed] == [("team", "shop")]

    functions.sdk.untag_resources(
        models.UntagResourcesRequest(resource_type="function", resource_id=[arn], tag_key=["team"])
    )
    assert [tag["Key"] for tag in functions.get()["tags"]] == ["stage"]
    functions.sdk.untag_resources(models.UntagResourcesRequest(resource_type="function", resource_id=[arn], all=True))
    assert functions.get()["tags"] == []


def test_running_instances_are_listed(functions: Functions) -> None:
    functions.create_active()
    functions.cloud.invoke("fn")
    functions.cloud.invoke("fn", cold=True)
    listed = functions.sdk.list_instances("fn", models.ListInstancesRequest()).body.to_map()["instances"]
    assert [one["versionId"] for one in listed] == ["0", "0"]


STATUS_FIELDS = {
    "state",
    "stateReason",
    "stateReasonCode",
    "lastUpdateStatus",
    "lastUpdateStatusReason",
    "lastUpdateStatusReasonCode",
}


@pytest.mark.parametrize(
    ("knobs", "hidden"),
    [
        (Knobs(), STATUS_FIELDS),
        (Knobs(listed_functions="full"), set()),
        (Knobs(listed_functions="brief"), STATUS_FIELDS | {"customContainerConfig"}),
    ],
    ids=["as documented", "full", "brief"],
)
def test_a_listing_has_these_fields_of_a_function(functions: Functions, hidden: set[str]) -> None:
    functions.create_active()
    (listed,) = functions.sdk.list_functions(models.ListFunctionsRequest()).body.to_map()["functions"]
    in_full = functions.get()
    assert in_full.keys() - listed.keys() == hidden & in_full.keys()
    assert listed == {key: value for key, value in in_full.items() if key not in hidden}


def listed_names(functions: Functions, fc_version: str | None = None) -> list[str]:
    request = models.ListFunctionsRequest(fc_version=fc_version)
    return [one.function_name for one in functions.sdk.list_functions(request).body.functions]


def test_functions_of_fc_2_are_listed_under_the_names_of_their_services(cloud: Emulator, functions: Functions) -> None:
    functions.create("checkout")
    container = {"image": IMAGE}
    cloud.create_function("shop$till", {"runtime": "custom-container", "customContainerConfig": container})
    assert listed_names(functions) == ["checkout", "shop$till"]
    assert listed_names(functions, "v2") == ["shop$till"]
    assert listed_names(functions, "v3") == ["checkout"]
    assert functions.get("shop$till")["state"] == "Active"
    with pytest.raises(ClientException, match="fcVersion"):
        listed_names(functions, "v1")
    with pytest.raises(ClientException, match="functionName"):
        functions.create("shop$other")


def test_a_micro_sandbox_runs_an_image_and_does_not_report_its_digest(cloud: Emulator, functions: Functions) -> None:
    digest = cloud.push("shop/app", "main")
    cloud.create_function("agent", {"runtime": "micro-sandbox", "microSandboxConfig": {"image": IMAGE}})
    assert functions.get("agent")["microSandboxConfig"] == {"image": IMAGE}
    assert cloud.invoke("agent", cold=True).digest == digest
    cloud.delete_tag("shop/app", "main")
    assert cloud.invoke("agent", cold=True).code == "PullImageFailed"


def test_a_micro_sandbox_needs_an_image(cloud: Emulator) -> None:
    with pytest.raises(EmulatorError, match=r"microSandboxConfig\.image is required"):
        cloud.create_function("agent", {"runtime": "micro-sandbox", "customContainerConfig": {"image": IMAGE}})
