"""The settings of an owned function: what is wrong with them, how they are sent, what counts as drift."""

from typing import Any

import pytest

from fcpin.fc import runtime_config
from fcpin.fc.model import Function

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
    ("a key from nowhere", {"colour": "red"}, "config.colour", "known:"),
    ("text for a number", {"cpu": "1"}, "config.cpu", "expected a number"),
    ("cpu off its step", {"cpu": 0.51}, "config.cpu", "multiple of 0.05"),
    ("memory off its step", {"memory_size": 500}, "config.memory_size", "multiple of 64"),
    ("too much memory for the cpu", {"cpu": 0.5, "memory_size": 4096}, "config.memory_size", "1 to 4 GB a vCPU"),
    ("a disk of another size", {"disk_size": 1024}, "config.disk_size", "512 or 10240"),
    ("a port past the last", {"port": 70000}, "config.port", "1 to 65535"),
    ("an environment variable that is a number", {"environment_variables": {"N": 1}}, "config.environment_variables.N", "quote it"),
    ("a deep one", {"health_check_config": {"period_seconds": 0}}, "config.health_check_config.period_seconds", "1 to 120"),
    ("one in a list", {"nas_config": {"mount_points": [{"mount_dir": 1}]}}, "config.nas_config.mount_points[0].mount_dir", "string"),
    ("a list where a mapping belongs", [], "config", "expected a mapping"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "path", "says"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_every_problem_has_its_property_path(config: object, path: str, says: str) -> None:
    problem = next(runtime_config.problems("config", config))
    assert problem.path == path
    assert says in problem.reason


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


def test_what_was_sent_is_no_drift_when_it_comes_back() -> None:
    assert runtime_config.live(CONFIG, live(CONFIG)) == CONFIG


def test_what_the_server_filled_in_is_no_drift() -> None:
    filled = {"httpGetUrl": "/healthz", "periodSeconds": 5, "timeoutSeconds": 1, "failureThreshold": 3}
    function = live(CONFIG, instanceConcurrency=1, customContainerConfig={"port": 9000, "command": ["serve"], "healthCheckConfig": filled})  # fmt: skip
    assert runtime_config.live(CONFIG, function) == CONFIG


def test_what_is_empty_or_false_may_be_left_out_by_the_server() -> None:
    config: dict[str, Any] = {"command": [], "disable_ondemand": False, "description": ""}
    assert runtime_config.live(config, Function.from_wire({})) == config


def test_what_is_false_or_zero_deep_inside_may_be_left_out_by_the_server() -> None:
    config: dict[str, Any] = {
        "log_config": {"project": "p", "enable_request_metrics": False},
        "health_check_config": {"http_get_url": "/", "initial_delay_seconds": 0},
    }
    wire = {"logConfig": {"project": "p"}, "customContainerConfig": {"healthCheckConfig": {"httpGetUrl": "/"}}}
    assert runtime_config.live(config, Function.from_wire(wire)) == config


def test_an_environment_variable_too_many_is_drift() -> None:
    """The whole map is the user's: what is taken out of it has to go, and what is added by hand is seen."""
    both = {"environment_variables": {"A": "1", "TOKEN": "leaked"}}
    assert runtime_config.live({"environment_variables": {"A": "1"}}, live(both)) == both
    assert runtime_config.live({"environment_variables": {}}, live(both)) == both


def test_a_setting_changed_by_hand_is_drift() -> None:
    assert runtime_config.live({"memory_size": 1024.0}, live({"memory_size": 512})) == {"memory_size": 512}


@pytest.mark.parametrize("name", ["", "1abc", "-a", "a b", "a" * 65, None, 7])
def test_a_wrong_function_name_is_a_problem(name: object) -> None:
    assert [problem.path for problem in runtime_config.name_problems("function_name", name)] == ["function_name"]
