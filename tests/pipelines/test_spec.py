"""An entry of `fcpin:pipelines` becomes a document, and its problems are reported with its own keys."""

from typing import Any

import pytest

from fcpin.errors import Problem
from fcpin.pipelines.checks import check
from fcpin.pipelines.spec import PipelineEntry, read_entry

PERSONAL = "registry-vpc.cn-hangzhou.aliyuncs.com/shop/app:{commit}"
ENTERPRISE = "demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com/shop/app:{commit}"
RUNNER: dict[str, Any] = {
    "region_id": "cn-hangzhou",
    "log_config": {"project": "logs", "logstore": "builds"},
    "vpc_config": {"vpc_id": "vpc-1", "v_switch_ids": ["vsw-1"], "security_group_id": "sg-1"},
    "nas_config": {"mount_points": [{"mount_dir": "/mnt/cache", "server_addr": "a.cn-hangzhou.nas.aliyuncs.com:/c"}]},
    "cpu": 8.0,
    "memory": 32768.0,
    "disk_size": 10240.0,
    "timeout": 1800.0,
}
WARM = {"images": ["registry-vpc.cn-hangzhou.aliyuncs.com/shop/base:1"], "cache_dir": "/mnt/cache"}


BUILT = "registry-vpc.cn-hangzhou.aliyuncs.com/shop/app:83f96b6"


def problems_of(value: Any, path: str = "", commit: str | None = None) -> list[Problem]:
    problems: list[Problem] = []
    assert (read_entry(value, path, problems, commit) is None) is bool(problems)
    return problems


def entry_of(**value: Any) -> PipelineEntry:
    problems: list[Problem] = []
    entry = read_entry({"image": PERSONAL, **value}, "", problems)
    assert entry is not None, problems
    return entry


def tasks(**value: Any) -> list[Any]:
    entry = entry_of(**value)
    document = entry.document("p-1", BUILT)
    assert check(document, is_template=False).findings == entry.check().findings == ()
    return list(document["spec"]["templateSpec"]["tasks"])


@pytest.mark.parametrize("network", ["", "-vpc", "-internal"])
def test_an_image_may_be_on_a_host_of_the_international_site(network: str) -> None:
    assert problems_of({"image": f"registry-intl{network}.ap-southeast-1.aliyuncs.com/shop/app:{{commit}}"}) == []


def test_only_the_image_is_required() -> None:
    (task,) = tasks()
    assert task["context"]["data"] == {"enable": True, "build": {"image": BUILT}}
    assert task["taskTemplate"] == "build-image-task"


def test_a_warm_up_is_a_part_of_the_build_or_a_task_before_it() -> None:
    (task,) = tasks(runner=RUNNER, warm=WARM, dockerfile="code/Dockerfile")
    data = task["context"]["data"]
    assert data["warm"] == {"images": WARM["images"], "cacheDir": "/mnt/cache"}
    assert (data["build"]["cacheDir"], data["build"]["dockerfile"]) == ("/mnt/cache", "code/Dockerfile")
    warm, build = tasks(runner=RUNNER, warm={**WARM, "separate": True})
    assert "build" not in warm["context"]["data"]
    assert build["runAfters"] == [{"name": warm["name"]}]


def test_the_environment_has_the_keys_of_the_api_and_whole_numbers() -> None:
    runner = entry_of(runner=RUNNER).document("p-1", BUILT)["spec"]["templateSpec"]["context"]["data"]["runnerConfig"]
    assert (runner["regionId"], runner["vpcConfig"]["vSwitchIds"]) == ("cn-hangzhou", ["vsw-1"])
    assert [type(runner[key]) for key in ("cpu", "memory", "diskSize", "timeout")] == [int] * 4


WRONG: list[tuple[str, Any, str, str]] = [
    ("no image", {}, "image", "is required, such as registry"),
    ("a key that is none", {"image": PERSONAL, "docker_file": "x"}, "docker_file", "did you mean dockerfile?"),
    ("an image without the commit", {"image": "registry.cn-hangzhou.aliyuncs.com/a/b:main"}, "image", "does not contain the commit"),
    ("a variable of documents", {"image": "registry.cn-hangzhou.aliyuncs.com/a/b:<% .appName %>"}, "image", "write {commit}"),
    ("Enterprise without a network", {"image": ENTERPRISE, "instance_id": "cri-1"}, "image", "give runner with a vpc_config"),
    ("Enterprise without its instance", {"image": ENTERPRISE, "runner": RUNNER}, "instance_id", "cri-"),
    ("a cache that is not mounted", {"image": PERSONAL, "runner": RUNNER, "warm": {**WARM, "cache_dir": "/mnt/c"}}, "warm.cache_dir", "mounted are /mnt/cache"),
    ("NAS of another region", {"image": PERSONAL, "runner": {**RUNNER, "nas_config": {"mount_points": [{"mount_dir": "/m", "server_addr": "a.cn-beijing.nas.aliyuncs.com:/c"}]}}}, "runner.nas_config.mount_points[0].server_addr", "cn-beijing"),
    ("a disk of the wrong size", {"image": PERSONAL, "runner": {**RUNNER, "disk_size": 1024}}, "runner.disk_size", "512 or 10240"),
    ("text for a number", {"image": PERSONAL, "runner": {**RUNNER, "cpu": "8"}}, "runner.cpu", "expected a number"),
    ("more time than the default environment has", {"image": PERSONAL, "deadline": 3600}, "deadline", "ends a build after 900 s"),
    ("another word for when to build", {"image": PERSONAL, "rebuild": "never"}, "rebuild", "always or when-missing"),
    ("another builder", {"image": PERSONAL, "builder": "kaniko"}, "builder", "buildah or devs"),
    ("a source for Serverless Devs", {"image": PERSONAL, "source": "code"}, "source", "is for builder: buildah only"),
    ("a cache for buildah", {"image": PERSONAL, "builder": "buildah", "cache_dir": "/mnt/c"}, "cache_dir", "is for pipelines of Serverless Devs"),
    ("text for a mapping", "x", "", "expected a mapping"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "path", "reason"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_problem_is_reported_at_the_key_of_the_entry(value: Any, path: str, reason: str) -> None:
    (problem,) = problems_of(value)
    assert problem.path == path
    assert reason in problem.reason
    (below,) = problems_of(value, "fcpin:pipelines.app")
    assert below.path == "fcpin:pipelines.app" + (f".{path}" if path else "")


def test_buildah_has_no_limits_of_function_compute() -> None:
    assert problems_of({"image": "ghcr.io/shop/app:{commit}", "builder": "buildah", "deadline": 7200}) == []


def test_an_invalid_commit_is_a_problem() -> None:
    assert [problem.path for problem in problems_of({"image": PERSONAL}, commit="main")] == ["commit"]


def test_the_deadline_is_for_all_tasks() -> None:
    runner = {**RUNNER, "timeout": 3600}
    assert entry_of().deadline_seconds == 1500
    assert entry_of(runner=runner, warm=WARM).deadline_seconds == 4200
    assert entry_of(runner=runner, warm={**WARM, "separate": True}).deadline_seconds == 7800
    assert entry_of(deadline=60).deadline_seconds == 60
