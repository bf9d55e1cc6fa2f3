"""Every documented limit is checked before anything runs, at its path, with what to do."""

from typing import Any

import pytest
import yaml

from fcpin.pipelines.checks import check
from tests.pipelines.documents import changed, example, mended

BUILD = "spec.templateSpec.tasks.0.context.data.build"
TASK = "spec.templateSpec.tasks[0]"
DATA = "spec.templateSpec.context.data"
RUNNER = f"{DATA}.runnerConfig"


@pytest.mark.parametrize("name", ["default-environment", "nas-cache", "warm-then-build", "enterprise"])
def test_four_examples_of_the_documentation_can_be_run(name: str) -> None:
    assert check(example(name).tree).problems == ()


def test_the_fifth_names_a_task_that_does_not_exist_and_is_right_once_it_is_mended() -> None:
    (problem,) = check(example("commit-and-deploy").tree).problems
    assert problem.path == "spec.templateSpec.tasks[1].runAfters[0].name"
    assert problem.reason == "the task build-push does not exist; write build-image"
    assert example("commit-and-deploy").file.place(problem.path) == "commit-and-deploy.yaml:41"
    assert check(yaml.safe_load(mended())).findings == ()


ERRORS: list[tuple[str, str, dict[str, Any], str, str]] = [
    # what is wrong, in which example, the change that makes it so, where, a fact of the message
    ("another registry", "default-environment", {f"{BUILD}.image": "ghcr.io/a/b:1"}, f"{TASK}.context.data.build.image", "is not ACR"),
    ("no image", "default-environment", {f"{BUILD}.image": None}, f"{TASK}.context.data.build.image", "is required"),
    ("no tag", "default-environment", {f"{BUILD}.image": "registry.cn-hangzhou.aliyuncs.com/a/b"}, f"{TASK}.context.data.build.image", "has no tag"),
    ("capital letters in a repository", "default-environment", {f"{BUILD}.image": "registry.cn-hangzhou.aliyuncs.com/A/b:1"}, f"{TASK}.context.data.build.image", "must be lowercase"),
    ("an accelerated image of Personal", "default-environment", {f"{BUILD}.image": "registry.cn-hangzhou.aliyuncs.com/a/b:1_accelerated"}, f"{TASK}.context.data.build.image", "ACR Enterprise only"),
    ("Enterprise in the default environment", "enterprise", {RUNNER: None}, f"{TASK}.context.data.build.image", "give runnerConfig with a vpcConfig"),
    ("Enterprise without its instance", "enterprise", {f"{BUILD}.instanceID": None}, f"{TASK}.context.data.build.instanceID", "cri-"),
    ("Enterprise without a VPC", "enterprise", {f"{RUNNER}.vpcConfig": None}, f"{TASK}.context.data.build.image", "runnerConfig.vpcConfig"),
    ("an instance of Enterprise for an image of Personal", "nas-cache", {f"{BUILD}.instanceID": "cri-1"}, f"{TASK}.context.data.build.instanceID", "ACR Personal"),
    ("more disk in the default environment", "default-environment", {"spec.templateSpec.context": {"data": {"diskSize": 20480}}}, f"{DATA}.diskSize", "move it to runnerConfig"),
    ("more time in the default environment", "default-environment", {"spec.templateSpec.tasks.0.context.data.timeout": 1800}, f"{TASK}.context.data.timeout", "15 minutes"),
    ("a cache in the default environment", "default-environment", {f"{BUILD}.cacheDir": "/mnt/c"}, f"{TASK}.context.data.build.cacheDir", "give runnerConfig with a nasConfig"),
    ("a cache outside of the NAS", "nas-cache", {f"{BUILD}.cacheDir": "/mnt/image-cache-2"}, f"{TASK}.context.data.build.cacheDir", "mounted are /mnt/image-cache"),
    ("a cache without NAS", "enterprise", {f"{BUILD}.cacheDir": "/mnt/c"}, f"{TASK}.context.data.build.cacheDir", "nasConfig.mountPoints"),
    ("NAS in another region", "nas-cache", {f"{RUNNER}.nasConfig.mountPoints.0.serverAddr": "a.cn-beijing.nas.aliyuncs.com:/c"}, f"{RUNNER}.nasConfig.mountPoints[0].serverAddr", "cn-beijing"),
    ("NAS without a folder", "nas-cache", {f"{RUNNER}.nasConfig.mountPoints.0.serverAddr": "a.cn-hangzhou.nas.aliyuncs.com"}, f"{RUNNER}.nasConfig.mountPoints[0].serverAddr", ":/<folder>"),
    ("a mount that is no absolute path", "nas-cache", {f"{RUNNER}.nasConfig.mountPoints.0.mountDir": "cache"}, f"{RUNNER}.nasConfig.mountPoints[0].mountDir", "absolute"),
    ("NAS without a VPC", "nas-cache", {f"{RUNNER}.vpcConfig": None}, f"{RUNNER}.vpcConfig", "NAS is mounted from"),
    ("a VPC without a vSwitch", "nas-cache", {f"{RUNNER}.vpcConfig.vSwitchIds": None}, f"{RUNNER}.vpcConfig.vSwitchIds", "zone of the NAS"),
    ("a VPC without a security group", "nas-cache", {f"{RUNNER}.vpcConfig.securityGroupId": None}, f"{RUNNER}.vpcConfig.securityGroupId", "is required"),
    ("half a log", "nas-cache", {f"{RUNNER}.logConfig.logstore": None}, f"{RUNNER}.logConfig", "project and logstore"),
    ("no region", "nas-cache", {f"{RUNNER}.regionId": None}, f"{RUNNER}.regionId", "is required"),
    ("a region that is none", "nas-cache", {f"{RUNNER}.regionId": "Hangzhou"}, f"{RUNNER}.regionId", "such as cn-hangzhou"),
    ("a VPC host of another region", "nas-cache", {f"{BUILD}.image": "registry-vpc.cn-beijing.aliyuncs.com/a/b:1"}, f"{TASK}.context.data.build.image", "registry.cn-beijing.aliyuncs.com"),
    ("a disk that FC does not have", "nas-cache", {f"{RUNNER}.diskSize": 20480}, f"{RUNNER}.diskSize", "512 or 10240"),
    ("memory that does not fit the cores", "nas-cache", {f"{RUNNER}.cpu": 2}, f"{RUNNER}.memory", "1 to 4 GB for each vCPU"),
    ("a timeout of two days", "nas-cache", {f"{RUNNER}.timeout": 172800}, f"{RUNNER}.timeout", "86400"),
    ("a number in quotes", "nas-cache", {f"{RUNNER}.cpu": "8"}, f"{RUNNER}.cpu", "expected a number, got"),
    ("a list where a mapping belongs", "nas-cache", {f"{BUILD}": [1]}, f"{TASK}.context.data.build", "expected a mapping, got a list"),
    ("a warm-up of nothing", "nas-cache", {"spec.templateSpec.tasks.0.context.data.warm.images": None}, f"{TASK}.context.data.warm.images", "list the base images"),
    ("a task that does nothing", "default-environment", {BUILD: None}, f"{TASK}.context.data", "neither build nor warm"),
    ("no task", "default-environment", {"spec.templateSpec.tasks": []}, "spec.templateSpec.tasks", "has no task"),
    ("no name", "default-environment", {"name": None}, "name", "is required"),
    ("a name with a blank", "default-environment", {"name": "my pipeline"}, "name", "contains a blank"),
    ("another kind", "default-environment", {"kind": "Task"}, "kind", "must be Pipeline"),
    ("a variable that is unknown", "default-environment", {"name": "p-<% .git.commit %>"}, "name", "unknown variable"),
    ("a task that waits for itself", "default-environment", {"spec.templateSpec.tasks.0.runAfters": ["build-push"]}, f"{TASK}.runAfters[0]", "waits for itself"),
    ("tasks that wait for each other", "warm-then-build", {"0.runAfters": ["only-build"]}, "[0].runAfters", "only-warm -> only-build -> only-warm"),
    ("two tasks of one name", "warm-then-build", {"1.name": "only-warm", "1.runAfters": []}, "[1].name", "two tasks"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "changes", "path", "reason"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS]
)
def test_what_would_fail_is_an_error(name: str, changes: dict[str, Any], path: str, reason: str) -> None:
    problems = check(changed(name, changes)).problems
    assert [problem.path for problem in problems] == [path]
    assert reason in problems[0].reason


WARNINGS: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("a task that is off, as it is unless enabled", "default-environment", {"spec.templateSpec.tasks.0.context.data.enable": None}, f"{TASK}.context.data.enable", "is disabled"),
    ("a tag that every run moves", "default-environment", {}, f"{TASK}.context.data.build.image", "moved tag is an outage"),
    ("a name that can be used once", "default-environment", {}, "name", "unique"),
    ("a masked name", "nas-cache", {}, f"{TASK}.context.data.build.image", "***"),
    ("a host of Enterprise without its .cr", "enterprise", {}, f"{TASK}.context.data.build.image", "demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com"),
    ("few cores for big base images", "nas-cache", {f"{RUNNER}.cpu": 4, f"{RUNNER}.memory": 16384}, RUNNER, "8 cores and 32 GB"),
    ("no log", "nas-cache", {f"{RUNNER}.logConfig": None}, f"{RUNNER}.logConfig", "log of the build"),
    ("a misspelt key", "nas-cache", {f"{BUILD}.dockerFile": "x"}, f"{TASK}.context.data.build.dockerFile", "did you mean dockerfile?"),
    ("a template of others", "default-environment", {"spec.templateSpec.tasks.0.taskTemplate": "mine"}, f"{TASK}.taskTemplate", "mine"),
    ("a bare list of tasks", "warm-then-build", {}, "", "list of tasks"),
    ("a limit of an unknown environment", "warm-then-build", {}, "[0].context.data.warm.cacheDir", "runnerConfig"),
    ("waiting for a task that is off", "warm-then-build", {"0.context.data.enable": False}, "[1].runAfters[0]", "is disabled"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "changes", "path", "reason"), [row[1:] for row in WARNINGS], ids=[row[0] for row in WARNINGS]
)
def test_what_may_surprise_is_a_warning(name: str, changes: dict[str, Any], path: str, reason: str) -> None:
    checked = check(changed(name, changes))
    assert checked.problems == ()
    assert any(warning.path == path and reason in warning.reason for warning in checked.warnings)


@pytest.mark.parametrize(
    "tree", [None, "text", 12, {}, [], [1], {"spec": [1]}, {"spec": {"templateSpec": {"tasks": 3}}}]
)
def test_anything_else_is_refused_and_never_raises(tree: object) -> None:
    assert check(tree).problems or tree == []


def test_the_environment_of_a_task_wins_over_that_of_the_pipeline() -> None:
    tree = changed("nas-cache", {})
    own = {"regionId": "cn-beijing", "cpu": 1, "memory": 1024}
    tree["spec"]["templateSpec"]["tasks"][0]["context"]["data"]["runnerConfig"] = own
    environment = check(tree).pipeline.steps[0].environment
    assert environment is not None
    assert environment.config is not None
    assert (environment.config.region_id, environment.config.cpu) == ("cn-beijing", 1)
