"""ContainerFunction with real engines: how the embedded one refuses it, and what pulumi-alicloud's plugin accepts."""

import shutil
from pathlib import Path

import pytest

from tests.lifecycle.stack_harness import FUNCTION, StackHarness

PROGRAM = """
import pulumi
from fcpin.container_function import ContainerFunction, LogArgs, RoleArgs, TriggerArgs, VpcArgs

entry = pulumi.Config("fcpin").require_object("functions")["checkout"]
ContainerFunction(
    "checkout",
    **entry,
    role=RoleArgs(policies=["AliyunOSSReadOnlyAccess"]),
    log_config=LogArgs(project="shop"),
    vpc_config=VpcArgs(vpc_id="vpc-1", vswitch_ids=["vsw-1"]),
    triggers={"http": TriggerArgs(type="http", config={"authType": "anonymous", "methods": ["GET"]})},
)
"""
SETTINGS = {"cpu": 0.5, "memory_size": 512, "disk_size": 512, "timeout": 30, "port": 9000}


@pytest.fixture
def component(harness: StackHarness) -> StackHarness:
    """A stack whose function is a ContainerFunction."""
    (harness.stack.folder / "__main__.py").write_text(PROGRAM)
    harness.configure({FUNCTION: harness.entry(config=SETTINGS)})
    harness.push("main-1")
    return harness


def test_the_embedded_engine_points_to_the_cli(component: StackHarness) -> None:
    if component.stack.engine != "embedded":
        pytest.skip("the Pulumi CLI has no reason to refuse it")
    done = component.stack.up()
    assert done.code == 1
    line = next(line for line in done.output.splitlines() if "alicloud:" in line)
    assert "not supported by the embedded engine" in line
    assert "Pulumi CLI" in line
    assert not done.has_traceback, done
    assert component.cloud.functions() == []


def test_the_plugin_takes_every_part_as_it_is_written(component: StackHarness) -> None:
    """A preview: the plugin checks every input. It signs in an older way than the emulator understands, so no more."""
    if component.stack.engine != "pulumi":
        pytest.skip("plugins belong to the Pulumi CLI")
    installed = list(Path("~/.pulumi/plugins").expanduser().glob("resource-alicloud-v*"))
    if not installed and shutil.which("pulumi-resource-alicloud") is None:
        pytest.skip("the plugin is not installed: pulumi plugin install resource alicloud")
    plugins = component.stack.folder / ".pulumi" / "plugins"
    plugins.mkdir(parents=True)
    for each in installed:
        (plugins / each.name).symlink_to(each)
    component.stack.environment |= {
        "ALICLOUD_ACCESS_KEY": component.cloud.access_key_id,
        "ALICLOUD_SECRET_KEY": component.cloud.access_key_secret,
        "ALICLOUD_SKIP_REGION_VALIDATION": "true",
    }
    shown = component.preview().output
    for kind in ("Role", "RolePolicyAttachment", "Project", "Store", "StoreIndex", "SecurityGroup", "V3Trigger"):
        assert f":{kind} " in shown
