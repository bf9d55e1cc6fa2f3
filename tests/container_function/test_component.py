"""What ContainerFunction registers, with which inputs, in which order."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_alicloud as alicloud
import pytest

from fcpin.container_function import ContainerFunction, LogArgs, RepositoryArgs, RoleArgs, TriggerArgs, VpcArgs
from tests.container_function.registered import ARN, IMAGE, Program, run

PLACE = "shop-registry-vpc.cn-hangzhou.cr.aliyuncs.com/shop/app"
POLICY = {"family": {"name": "release"}}
REPOSITORY = RepositoryArgs(
    instance_id="cri-1", host="shop-registry-vpc.cn-hangzhou.cr.aliyuncs.com", namespace="shop", name="app"
)
HTTP = TriggerArgs(type="http", config={"authType": "anonymous", "methods": ["GET"]})


def program(*, preview: bool = False, **arguments: Any) -> Program:
    """A program of one ContainerFunction; an argument that is a function is called in the program."""

    def whole() -> None:
        given = {key: value() if callable(value) else value for key, value in arguments.items()}
        ContainerFunction("app", **{"repository": PLACE, "policy": POLICY, **given})

    return run(whole, preview=preview)


def test_the_smallest_one_is_a_function_its_first_image_and_its_pin() -> None:
    """V3Function sends the block of the container as a whole, old image and all: it must ignore it as a whole."""
    made = program()
    assert set(made.resources) == {"ContainerFunction app", "InitialImage app", "V3Function app", "PinnedFunction app"}
    assert made["ContainerFunction app"].type == "fcpin:index:ContainerFunction"
    assert made["V3Function app"].ignores == ["customContainerConfig"]
    assert made["PinnedFunction app"].ignores == []


def test_the_function_is_created_with_what_the_policy_selects_then_and_adopted_by_the_pin() -> None:
    made = program(min_age="2h", region="cn-shanghai", deadline=60)
    assert made["V3Function app"].inputs["customContainerConfig"] == {"image": IMAGE}
    first = {key: value for key, value in made["InitialImage app"].inputs.items() if key != "__provider"}
    selection = {"function_name": "app", "repository": PLACE, "min_age": "2h"}
    assert first == {**selection, "policy": POLICY, "region": "cn-shanghai"}
    pin = made["PinnedFunction app"]
    assert pin.after == {"V3Function app"}
    assert pin.inputs.items() >= {**selection, "deadline": 60}.items()
    assert not {"config", "adopt"} & pin.inputs.keys()


def test_a_login_to_the_registry_is_given_to_both_and_secret() -> None:
    """V3Function creates the function with it, PinnedFunction keeps it; each in its own names."""
    network = {"vpc_id": "vpc-1", "v_switch_id": "vsw-1", "security_group_id": "sg-1"}
    registry = {"auth_config": {"user_name": "ci", "password": "s3cr3t"}, "network_config": network}
    made = program(config={"port": 9000, "registry_config": registry})
    assert made["PinnedFunction app"].inputs["config"] == secret({"port": 9000, "registry_config": registry})
    container = {
        "image": IMAGE,
        "port": 9000,
        "registryConfig": {
            "authConfig": {"userName": "ci", "password": "s3cr3t"},
            "networkConfig": {"vpcId": "vpc-1", "vswitchId": "vsw-1", "securityGroupId": "sg-1"},
        },
    }
    assert made["V3Function app"].inputs["customContainerConfig"] == secret(container)


def secret(value: object) -> dict[str, object]:
    """*value* as it goes to the engine when it is a secret."""
    return {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": value}


def test_an_image_and_a_name_that_are_given_are_used() -> None:
    made = program(initial_image=f"{PLACE}:release-0", function_name="app-dev", hold={"tag": "release-1"})
    assert made.of_type("InitialImage") == []
    assert made["V3Function app"].inputs["customContainerConfig"]["image"] == f"{PLACE}:release-0"
    expected = {"function_name": "app-dev", "hold": {"tag": "release-1"}}
    assert made["PinnedFunction app"].inputs.items() >= expected.items()


def test_the_settings_of_the_container_are_kept_by_the_pin_and_all_others_by_the_function() -> None:
    check, gpu = {"http_get_url": "/healthz"}, {"gpu_type": "fc.gpu.tesla.1"}
    of_container = {"port": 9000, "command": ["serve"], "health_check_config": check}
    of_function = {"cpu": 0.5, "memory_size": 512, "gpu_config": gpu, "session_affinity": "MCP_SSE"}
    made = program(config={**of_function, **of_container})
    function, pin = made["V3Function app"].inputs, made["PinnedFunction app"].inputs
    assert pin["config"] == of_container
    assert pin["adopt"] is True
    settings = {"cpu": 0.5, "memorySize": 512, "gpuConfig": {"gpuType": "fc.gpu.tesla.1"}, "sessionAffinity": "MCP_SSE"}
    assert function.items() >= {**settings, "runtime": "custom-container", "handler": "index.handler"}.items()
    assert function["customContainerConfig"] == {
        "image": IMAGE,
        "port": 9000,
        "commands": ["serve"],
        "healthCheckConfig": {"httpGetUrl": "/healthz"},
    }


REFUSED = [
    ("a misspelt setting", {"config": {"memry_size": 512}}, "config.memry_size: unknown key; did you mean memory_size?"),
    ("pulumi-alicloud's name of a list", {"config": {"commands": []}}, "did you mean command?"),
    ("an argument in config", {"config": {"role": "acs:ram::1:role/x"}}, "config.role: is an argument of its own"),
    ("code", {"config": {"code": {}}}, "config.code: unknown key"),
    ("the block of the image", {"config": {"custom_container_config": {}}}, "config.custom_container_config: unknown"),
    ("settings as an output", {"config": lambda: pulumi.Output.from_input({})}, "config: expected a dictionary"),
    ("adopt", {"adopt": False}, "adopt: "),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_nothing_would_read_is_refused_before_anything_is_registered(
    arguments: Mapping[str, Any], reason: str
) -> None:
    with pytest.raises(pulumi.RunError, match=reason.replace("?", r"\?")):
        program(**arguments)


def test_given_parts_are_used_as_they_are() -> None:
    vpc = {"vpc_id": "vpc-1", "vswitch_ids": ["vsw-1"], "security_group_id": "sg-1"}
    log = {"project": "shop", "logstore": "app", "enable_request_metrics": True}
    made = program(role="acs:ram::1:role/shop", log_config=log, vpc_config=vpc)
    function = made["V3Function app"].inputs
    assert function["role"] == "acs:ram::1:role/shop"
    assert function["logConfig"] == {"project": "shop", "logstore": "app", "enableRequestMetrics": True}
    assert function["vpcConfig"]["securityGroupId"] == "sg-1"
    assert [made.of_type(kind) for kind in ("Role", "Store", "SecurityGroup")] == [[], [], []]


def test_a_made_role_is_for_function_compute_and_has_its_rights_before_the_function_is_made() -> None:
    made = program(
        role=lambda: RoleArgs(policies=["AliyunOSSReadOnlyAccess"], custom_policies=[pulumi.Output.from_input("own")])
    )
    role = made["Role app"].inputs
    assert role["roleName"] == "app"
    assert json.loads(role["assumeRolePolicyDocument"])["Statement"][0]["Principal"] == {"Service": ["fc.aliyuncs.com"]}
    rights = {each.name: each.inputs for each in made.of_type("RolePolicyAttachment")}
    assert rights == {
        "app-AliyunOSSReadOnlyAccess": {
            "roleName": "app",
            "policyName": "AliyunOSSReadOnlyAccess",
            "policyType": "System",
        },
        "app-0": {"roleName": "app", "policyName": "own", "policyType": "Custom"},
    }
    function = made["V3Function app"]
    assert function.inputs["role"] == "acs:ram::1234567890123456:role/made"
    assert function.after >= {f"RolePolicyAttachment {name}" for name in rights}


def test_a_made_log_store_can_be_searched_before_anything_is_logged() -> None:
    made = program(log_config=LogArgs(project="shop", logstore="app-logs", retention_days=7))
    assert made["Project app"].inputs == {"projectName": "shop"}
    assert made["Store app"].inputs == {"projectName": "shop", "logstoreName": "app-logs", "retentionPeriod": 7}
    assert made["StoreIndex app"].inputs.items() >= {"project": "shop", "logstore": "app-logs"}.items()
    function = made["V3Function app"]
    assert function.inputs["logConfig"].items() >= {"project": "shop", "logstore": "app-logs"}.items()
    assert "StoreIndex app" in function.after


def test_parts_are_made_in_a_project_a_namespace_and_a_vpc_that_exist() -> None:
    there = RepositoryArgs(
        instance_id="cri-1", host="h.example.com", namespace="shop", name="app", create_namespace=False
    )
    made = program(
        log_config=LogArgs(project="shop", create_project=False),
        repository=there,
        vpc_config=VpcArgs(vpc_id="vpc-1", vswitch_ids=["vsw-1"]),
    )
    assert [made.of_type(kind) for kind in ("Project", "RegistryEnterpriseNamespace")] == [[], []]
    assert made["Store app"].inputs["projectName"] == "shop"
    assert made["RegistryEnterpriseRepo app"].inputs["namespace"] == "shop"
    assert made["SecurityGroup app"].inputs["vpcId"] == "vpc-1"
    network = {"vpcId": "vpc-1", "vswitchIds": ["vsw-1"], "securityGroupId": "app-id"}
    assert made["V3Function app"].inputs["vpcConfig"] == network


def test_a_made_repository_lets_no_tag_move() -> None:
    made = program(repository=REPOSITORY)
    repository = made["RegistryEnterpriseRepo app"].inputs
    assert repository.items() >= {"instanceId": "cri-1", "namespace": "shop", "name": "app"}.items()
    assert repository["tagImmutability"] is True
    assert repository["repoType"] == "PRIVATE"
    assert made["RegistryEnterpriseNamespace app"].inputs["defaultVisibility"] == "PRIVATE"
    assert made["PinnedFunction app"].inputs["repository"] == PLACE


def test_nothing_is_chosen_from_a_repository_that_is_not_there_yet() -> None:
    made = program(repository=REPOSITORY, preview=True)
    for name in ("InitialImage app", "PinnedFunction app"):
        assert pulumi.contains_unknowns(made[name].inputs["repository"])


def test_nothing_calls_the_function_before_it_runs_its_pin() -> None:
    made = program(
        triggers=lambda: {
            "http": HTTP,
            "upload": TriggerArgs(type="oss", config={"bucketName": pulumi.Output.from_input("photos")}),
        }
    )
    assert {each.name for each in made.of_type("V3Trigger")} == {"app-http", "app-upload"}
    http = made["V3Trigger app-http"]
    assert "PinnedFunction app" in http.after
    assert (http.inputs["triggerName"], http.inputs["qualifier"]) == ("http", "LATEST")
    assert json.loads(http.inputs["triggerConfig"]) == HTTP.config
    assert json.loads(made["V3Trigger app-upload"].inputs["triggerConfig"]) == {"bucketName": "photos"}


def test_the_outputs_of_the_component() -> None:
    made = program(role="acs:ram::1:role/shop", triggers={"http": HTTP, "hourly": TriggerArgs(type="timer")})
    assert made.outputs["ContainerFunction app"] == {
        "function_name": "app",
        "function_arn": ARN,
        "repository": PLACE,
        "role": "acs:ram::1:role/shop",
        "image": IMAGE.replace("release-1", "release-2"),
        "tag": "release-2",
        "digest": "sha256:2",
        "resolved_image_uri": "uri",
        "urls": {"http": "https://app.example.com"},
    }


def everything() -> None:
    ContainerFunction(
        "app",
        repository=REPOSITORY,
        policy=POLICY,
        role=RoleArgs(policies=["AliyunOSSReadOnlyAccess"]),
        log_config=LogArgs(project="shop"),
        vpc_config=VpcArgs(vpc_id="vpc-1", vswitch_ids=["vsw-1"]),
        triggers={"http": HTTP},
        tags={"team": "shop"},
        opts=pulumi.ResourceOptions(protect=True, provider=alicloud.Provider("partner", region="cn-shanghai")),
    )


def test_parents_protection_provider_and_tags_reach_every_part() -> None:
    made = run(everything)
    parts = [each for name, each in made.resources.items() if name not in ("ContainerFunction app", "alicloud partner")]
    assert len(parts) == 12
    assert {each.request.parent.rpartition("$")[2] for each in parts} == {"fcpin:index:ContainerFunction::app"}
    assert all(each.request.protect for each in parts)
    ours = {"InitialImage", "PinnedFunction"}
    assert {each.type.rpartition(":")[2] for each in parts if each.provider != "partner"} == ours
    tagged = {each.type.rpartition(":")[2] for each in parts if each.inputs.get("tags") == {"team": "shop"}}
    assert tagged == {"V3Function", "Role", "Project", "SecurityGroup"}
