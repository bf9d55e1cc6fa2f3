"""A pipeline in the user's words becomes a document, and what is wrong is told in those words."""

from typing import Any

import pytest

from fcpin.pipelines.checks import check
from fcpin.pipelines.spec import checked, deadline_of, document, problems

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


def tasks(spec: dict[str, Any]) -> list[Any]:
    assert list(problems("", spec)) == []
    made = document(spec, name="p-1", image="registry-vpc.cn-hangzhou.aliyuncs.com/shop/app:83f96b6")
    assert check(made, is_template=False).findings == checked(spec).findings == ()
    return list(made["spec"]["templateSpec"]["tasks"])


@pytest.mark.parametrize("network", ["", "-vpc", "-internal"])
def test_an_image_may_be_on_a_host_of_the_international_site(network: str) -> None:
    image = f"registry-intl{network}.ap-southeast-1.aliyuncs.com/shop/app:{{commit}}"
    assert list(problems("", {"image": image})) == []
    made = document({"image": image}, name="p-1", image=image.format(commit="83f96b6"))
    assert check(made, is_template=False).findings == ()


def test_the_least_is_an_image() -> None:
    (task,) = tasks({"image": PERSONAL})
    assert task["context"]["data"] == {
        "enable": True,
        "build": {"image": "registry-vpc.cn-hangzhou.aliyuncs.com/shop/app:83f96b6"},
    }
    assert task["taskTemplate"] == "build-image-task"


def test_warming_and_building_is_one_task_with_one_cache() -> None:
    (task,) = tasks({"image": PERSONAL, "runner": RUNNER, "warm": WARM, "dockerfile": "code/Dockerfile"})
    data = task["context"]["data"]
    assert data["warm"] == {"images": WARM["images"], "cacheDir": "/mnt/cache"}
    assert (data["build"]["cacheDir"], data["build"]["dockerfile"]) == ("/mnt/cache", "code/Dockerfile")


def test_a_separate_warm_up_is_a_task_that_the_build_waits_for() -> None:
    warm, build = tasks({"image": PERSONAL, "runner": RUNNER, "warm": {**WARM, "separate": True}})
    assert "build" not in warm["context"]["data"]
    assert build["runAfters"] == [{"name": warm["name"]}]


def test_the_environment_is_in_the_words_of_the_api_with_whole_numbers() -> None:
    made = document({"image": PERSONAL, "runner": RUNNER}, name="p-1", image="x")
    runner = made["spec"]["templateSpec"]["context"]["data"]["runnerConfig"]
    assert (runner["regionId"], runner["vpcConfig"]["vSwitchIds"]) == ("cn-hangzhou", ["vsw-1"])
    assert [type(runner[key]) for key in ("cpu", "memory", "diskSize", "timeout")] == [int] * 4


WRONG: list[tuple[str, Any, str, str]] = [
    ("no image", {}, "image", "{commit}"),
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
    ("another word for when to build", {"image": PERSONAL, "rebuild": "never"}, "rebuild", "when-missing, always"),
    ("another builder", {"image": PERSONAL, "builder": "kaniko"}, "builder", "devs, buildah"),
    ("a source for Serverless Devs", {"image": PERSONAL, "source": "code"}, "source", "is for builder: buildah only"),
    ("a cache for buildah", {"image": PERSONAL, "builder": "buildah", "cache_dir": "/mnt/c"}, "cache_dir", "is for pipelines of Serverless Devs"),
    ("no mapping", "x", "", "expected a mapping"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "spec", "path", "said"), WRONG, ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_told_at_the_users_own_path(what: str, spec: Any, path: str, said: str) -> None:
    (problem,) = problems("", spec)
    assert problem.path == path
    assert said in problem.reason
    (below,) = problems("fcpin:pipelines.app", spec)
    assert below.path == "fcpin:pipelines.app" + (f".{path}" if path else "")


def test_buildah_may_take_its_time_and_push_anywhere() -> None:
    """It is no function of Function Compute, and its registry need not be reached by one."""
    assert list(problems("", {"image": "ghcr.io/shop/app:{commit}", "builder": "buildah", "deadline": 7200})) == []


def test_a_commit_that_is_none_is_told_beside_the_rest() -> None:
    assert [problem.path for problem in problems("", {"image": PERSONAL}, commit="main")] == ["commit"]


def test_a_warm_up_of_its_own_has_its_own_time() -> None:
    assert deadline_of({"image": PERSONAL}) == 1500
    runner = {**RUNNER, "timeout": 3600}
    assert deadline_of({"image": PERSONAL, "runner": runner, "warm": WARM}) == 4200
    assert deadline_of({"image": PERSONAL, "runner": runner, "warm": {**WARM, "separate": True}}) == 7800
    assert deadline_of({"image": PERSONAL, "deadline": 60}) == 60
