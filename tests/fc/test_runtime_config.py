"""The settings of an owned function: what is wrong with them, how they are sent, what counts as drift."""

from typing import Any

import pytest

from fcpin.fc import runtime_config
from fcpin.fc.model import Function
from tests.support.tables import table

CONFIG: dict[str, Any] = {
    "cpu": 0.5,
    "memory_size": 1024.0,
    "disk_size": 512.0,
    "port": 9000.0,
    "command": ["serve"],
    "environment_variables": {"LOG_LEVEL": "info"},
    "health_check_config": {"http_get_url": "/healthz", "period_seconds": 5.0},
    "vpc_config": {"vpc_id": "vpc-1", "v_switch_ids": ["vsw-1"], "security_group_id": "sg-1"},
    "nas_config": {"mount_points": [{"mount_dir": "/mnt", "server_addr": "n:/x", "enable_tls": True}]},
    "custom_dns": {"name_servers": ["10.0.0.1"]},
}

WRONG = [
    ("an unknown key", {"memorysize": 512}, "config.memorysize", "did you mean memory_size"),
    ("cpu off its step", {"cpu": 0.51}, "config.cpu", "multiple of 0.05"),
    ("too much memory for the cpu", {"cpu": 0.5, "memory_size": 4096}, "config.memory_size", "1 to 4 GB for each vCPU"),
    ("a disk of another size", {"disk_size": 1024}, "config.disk_size", "512 or 10240"),
    ("an environment variable that is a number", {"environment_variables": {"N": 1}}, "config.environment_variables.N", "expected text, got a number; put it in quotes"),
    ("a deep one", {"health_check_config": {"period_seconds": 0}}, "config.health_check_config.period_seconds", "1 to 120"),
    ("a preStop hook that takes too long", {"instance_lifecycle_config": {"pre_stop": {"timeout": 91}}}, "config.instance_lifecycle_config.pre_stop.timeout", "1 to 90"),
    ("more than a function without a GPU has", {"cpu": 16.05}, "config.cpu", "0.05 to 16"),
    ("a big disk without a GPU", {"disk_size": 61440}, "config.disk_size", "512 or 10240"),
    ("no number", {"cpu": float("nan")}, "config.cpu", "got nan"),
    ("memory of a GPU off its step", {"gpu_config": {"gpu_type": "fc.gpu.ada.1", "gpu_memory_size": 3000}}, "config.gpu_config.gpu_memory_size", "multiple of 1024"),
    ("a disk off its step, with a GPU", {"gpu_config": {"gpu_type": "x"}, "disk_size": 20000}, "config.disk_size", "multiple of 10240"),
    ("a login without a password", {"registry_config": {"auth_config": {"user_name": "ci", "password": ""}}}, "config.registry_config.auth_config.password", "must not be empty"),
    ("a login of a name alone", {"registry_config": {"auth_config": {"user_name": "ci"}}}, "config.registry_config.auth_config.password", "is required: user_name and password belong together"),
]  # fmt: skip


@table("config path reason", WRONG)
def test_every_problem_has_its_property_path(config: object, path: str, reason: str) -> None:
    (problem,) = runtime_config.problems("config", config)
    assert problem.path == path
    assert reason in problem.reason


def test_a_right_config_has_no_problems() -> None:
    assert list(runtime_config.problems("config", CONFIG)) == []


def test_names_and_numbers_are_the_apis_on_the_wire() -> None:
    top, container = runtime_config.to_wire(CONFIG)
    assert container == {
        "port": 9000,
        "command": ["serve"],
        "healthCheckConfig": {"httpGetUrl": "/healthz", "periodSeconds": 5},
    }
    assert top["memorySize"] == 1024
    assert isinstance(top["memorySize"], int)
    assert top["vpcConfig"] == {"vpcId": "vpc-1", "vSwitchIds": ["vsw-1"], "securityGroupId": "sg-1"}
    assert top["nasConfig"] == {"mountPoints": [{"mountDir": "/mnt", "serverAddr": "n:/x", "enableTLS": True}]}
    assert top["customDNS"] == {"nameServers": ["10.0.0.1"]}


def live(config: dict[str, Any], **changes: Any) -> Function:
    top, container = runtime_config.to_wire(config)
    return Function.from_wire({**top, "customContainerConfig": container, **changes})


def test_what_the_server_fills_in_or_leaves_out_is_no_drift() -> None:
    assert runtime_config.live(CONFIG, live(CONFIG)) == CONFIG
    filled = {"httpGetUrl": "/healthz", "periodSeconds": 5, "timeoutSeconds": 1, "failureThreshold": 3}
    container = {"port": 9000, "command": ["serve"], "healthCheckConfig": filled}
    function = live(CONFIG, instanceConcurrency=1, customContainerConfig=container)
    assert runtime_config.live(CONFIG, function) == CONFIG
    config: dict[str, Any] = {
        "command": [],
        "disable_ondemand": False,
        "description": "",
        "log_config": {"project": "p", "enable_request_metrics": False},
        "health_check_config": {"http_get_url": "/", "initial_delay_seconds": 0},
    }
    wire = {"logConfig": {"project": "p"}, "customContainerConfig": {"healthCheckConfig": {"httpGetUrl": "/"}}}
    assert runtime_config.live(config, Function.from_wire(wire)) == config, "what is empty, false or zero"


def test_an_environment_variable_too_many_is_drift() -> None:
    """The whole map is the user's: what is taken out of it has to go, and what is added by hand is seen."""
    both = {"environment_variables": {"A": "1", "TOKEN": "leaked"}}
    assert runtime_config.live({"environment_variables": {"A": "1"}}, live(both)) == both
    assert runtime_config.live({"environment_variables": {}}, live(both)) == both


def test_a_setting_changed_by_hand_is_drift() -> None:
    assert runtime_config.live({"memory_size": 1024.0}, live({"memory_size": 512})) == {"memory_size": 512}


GPUS: list[tuple[str, dict[str, Any]]] = [
    ("Ada, as in the console's example", {"cpu": 8, "memory_size": 65536, "disk_size": 512, "gpu_config": {"gpu_type": "fc.gpu.ada.1", "gpu_memory_size": 49152}}),
    ("Hopper", {"cpu": 24, "memory_size": 122880, "disk_size": 61440, "gpu_config": {"gpu_type": "fc.gpu.hopper.1", "gpu_memory_size": 98304}}),
    ("eight cards", {"cpu": 128, "memory_size": 786432, "disk_size": 204800, "gpu_config": {"gpu_type": "fc.gpu.ada.3", "gpu_memory_size": 393216}}),
    ("a type that is not known yet", {"cpu": 1, "memory_size": 128, "gpu_config": {"gpu_type": "fc.gpu.rubin.1", "gpu_memory_size": 1024}}),
]  # fmt: skip


@table("config", GPUS)
def test_the_limits_of_gpu_instances_are_fc_s_to_judge(config: dict[str, Any]) -> None:
    assert list(runtime_config.problems("config", config)) == []
    assert runtime_config.live(config, live(config)) == config


LOGIN: dict[str, Any] = {
    "registry_config": {
        "auth_config": {"user_name": "ci", "password": "s3cr3t"},
        "cert_config": {"insecure": False, "root_ca_cert_base64": "LS0t"},
        "network_config": {"vpc_id": "vpc-1", "v_switch_id": "vsw-1", "security_group_id": "sg-1"},
    }
}


def test_a_login_is_written_as_the_api_has_it() -> None:
    assert list(runtime_config.problems("config", LOGIN)) == []
    assert runtime_config.to_wire(LOGIN)[1]["registryConfig"] == {
        "authConfig": {"userName": "ci", "password": "s3cr3t"},
        "certConfig": {"insecure": False, "rootCaCertBase64": "LS0t"},
        "networkConfig": {"vpcId": "vpc-1", "vSwitchId": "vsw-1", "securityGroupId": "sg-1"},
    }


@pytest.mark.parametrize("masked", [{"password": "******"}, {"password": ""}, {}, {"password": None}])
def test_a_masked_or_missing_password_is_no_drift_and_anything_else_is(masked: dict[str, Any]) -> None:
    registry = {**runtime_config.to_wire(LOGIN)[1]["registryConfig"], "authConfig": {"userName": "ci", **masked}}

    def seen(**changes: Any) -> Any:
        container = {"registryConfig": {**registry, **changes}}
        return runtime_config.live(LOGIN, Function.from_wire({"customContainerConfig": container}))

    assert seen() == LOGIN
    assert seen(authConfig={"userName": "cd", **masked}) != LOGIN
    assert seen(authConfig=None) != LOGIN
    assert seen(networkConfig=None) != LOGIN
