"""Image-build pipelines through the SDK of Serverless Devs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_devs20230714 import models
from alibabacloud_tea_openapi.exceptions import ClientException

from fcpin.emulator import Emulator, Knobs
from fcpin.emulator.devs.rules import DevsError
from fcpin.emulator.remote import RemoteEmulator
from tests.emulator.clients import HOST, Functions, Pipelines, resolved

IMAGE = f"{HOST}/shop/app:8f2b1c0"
RUNNER = {
    "logConfig": {"project": "demo-project", "logstore": "demo-logstore"},
    "vpcConfig": {"vpcId": "vpc-1", "vSwitchIds": ["vsw-1"], "securityGroupId": "sg-1"},
    "nasConfig": {"mountPoints": [{"mountDir": "/mnt/cache", "serverAddr": "x.cn-hangzhou.nas.aliyuncs.com:/cache"}]},
    "timeout": 1800,
}


@pytest.fixture
def pipelines(cloud: Emulator) -> Pipelines:
    return Pipelines(cloud)


def task(name: str = "build", *after: str, template: str = "build-image-task", **data: Any) -> dict[str, Any]:
    return {
        "name": name,
        "taskTemplate": template,
        "context": {"data": {"enable": True, **data}},
        "runAfters": [{"name": one} for one in after],
    }


def build(image: str = IMAGE, name: str = "build", *after: str, **more: Any) -> dict[str, Any]:
    runner = {"runnerConfig": more.pop("runner")} if "runner" in more else {}
    return task(name, *after, build={"dockerfile": "code/Dockerfile", "image": image, **more}, **runner)


def enterprise(cloud: Emulator, tag: str = "8f2b1c0", **more: Any) -> dict[str, Any]:
    host = cloud.enterprise_host.replace("-registry.", "-registry-vpc.")
    return build(f"{host}/shop/app:{tag}", **{"runner": RUNNER, "instanceID": cloud.instance_id, **more})


def test_a_build_pushes_at_its_end_and_reports_the_digest(cloud: Emulator, pipelines: Pipelines) -> None:
    assert pipelines.create(build(runner=RUNNER))["status"]["phase"] == "Created"
    assert pipelines.sdk.start_pipeline("p-1").body.status.phase == "Running"
    with pytest.raises(ClientException, match="PipelineAlreadyExists"):
        pipelines.create(build())
    with pytest.raises(ClientException, match="InvalidPipelineStatus"):
        pipelines.sdk.start_pipeline("p-1")
    assert pipelines.task()["status"]["phase"] == "Running"
    cloud.advance(60)
    assert pipelines.status()[0] == "Success"
    digest = cloud.tags("shop/app")["8f2b1c0"]
    status = pipelines.task()["status"]
    (invocation,) = status["invocations"]
    assert (invocation["slsProject"], invocation["slsLogStore"]) == ("demo-project", "demo-logstore")
    assert json.loads(invocation["output"]) == {"image": IMAGE, "digest": digest}
    assert f"pushed {IMAGE}" in status["executionDetails"]
    assert resolved(Functions(cloud).create_active(image=IMAGE)) == digest


@pytest.mark.parametrize("network", ["", "-vpc", "-internal"])
def test_a_build_reaches_the_hosts_of_the_international_site(pipelines: Pipelines, network: str) -> None:
    assert pipelines.finish(build(f"registry-intl{network}.cn-hangzhou.aliyuncs.com/shop/app:1"))[0] == "Success"


def test_equal_sources_make_equal_images(cloud: Emulator, pipelines: Pipelines) -> None:
    pipelines.finish(build())
    pipelines.finish(build(IMAGE.replace("app", "web")), name="p-2")
    pipelines.finish(build(context="./other"), name="p-3")
    first, other = cloud.tags("shop/web")["8f2b1c0"], cloud.tags("shop/app")["8f2b1c0"]
    assert first != other
    pipelines.finish(build(f"{HOST}/shop/app:dev"), name="p-4", context={"webhookCodeContext": {"commitID": "8f2b1c0"}})
    assert cloud.tags("shop/app")["dev"] == first


def test_pipelines_are_listed_by_label(cloud: Emulator, pipelines: Pipelines) -> None:
    for name, team in (("p-1", "shop"), ("p-2", "till"), ("p-3", "shop")):
        pipelines.create(build(), name=name, labels={"team": team, name: "yes"})

    def listed(*selector: str) -> list[str]:
        request = models.ListPipelinesRequest(label_selector=list(selector) or None)
        return [one.name for one in pipelines.sdk.list_pipelines(request).body]

    assert listed() == ["p-1", "p-2", "p-3"] == [one["name"] for one in cloud.pipelines()]
    assert listed("team=shop") == ["p-1", "p-3"]
    assert listed("team!=shop") == ["p-2"]
    assert listed("team==shop", "!p-1") == ["p-3"]
    assert listed("p-1") == ["p-1"]
    with pytest.raises(ClientException, match="labelSelector"):
        listed("=shop")


def test_tasks_run_one_after_another(cloud: Emulator, pipelines: Pipelines) -> None:
    warm = task("warm", warm={"images": [IMAGE, IMAGE], "cacheDir": "/mnt/cache"}, runnerConfig=RUNNER)
    deploy = task("deploy", "build", template="serverless-runner-task", steps=[{"plugin": "@serverless-cd/s-deploy"}])
    pipelines.start(deploy, build(IMAGE, "build", "warm"), warm)
    assert [pipelines.task(f"p-1-{name}")["status"]["phase"] for name in ("warm", "build")] == ["Running", "Created"]
    cloud.advance(60)
    assert pipelines.status()[0] == "Success"
    assert pipelines.task("p-1-warm")["status"]["executionDetails"][1:] == [f"warmed {IMAGE} in /mnt/cache"] * 2
    assert any("s-deploy" in line for line in pipelines.task("p-1-deploy")["status"]["executionDetails"])


def test_a_task_that_is_not_enabled_is_skipped_at_once(cloud: Emulator, pipelines: Pipelines) -> None:
    off = build(name="off")
    del off["context"]["data"]["enable"]
    assert pipelines.finish(off, build(IMAGE, "build", "off"))[0] == "Success"
    assert pipelines.task("p-1-off")["status"]["phase"] == "Skipped"
    assert list(cloud.tags("shop/app")) == ["8f2b1c0"]


def test_tasks_after_a_failed_one_are_skipped(cloud: Emulator, pipelines: Pipelines) -> None:
    cloud.fail_build(message="exit code 2", log="make: no rule\nmake: stop")
    phase, error = pipelines.finish(build(), build(f"{HOST}/shop/web:1", "other"), task("last", "build"))
    assert (phase, error["code"], error["message"]) == ("Failed", "BuildFailed", "exit code 2")
    assert "build" in error["title"]
    phases = [pipelines.task(f"p-1-{name}")["status"]["phase"] for name in ("build", "other", "last")]
    assert phases == ["Failed", "Success", "Skipped"]
    assert pipelines.task()["status"]["executionDetails"][-3:-1] == ["make: no rule", "make: stop"]
    with pytest.raises(ValueError, match="shop/app"):
        cloud.tags("shop/app")


Wrong = Callable[[Emulator], dict[str, Any]]
IMPOSSIBLE: list[tuple[str, Wrong, str]] = [
    ("an Enterprise registry from the default environment", lambda cloud: _without(enterprise(cloud), "runnerConfig"), "default environment"),
    ("an Enterprise registry without a VPC", lambda cloud: enterprise(cloud, runner={"timeout": 9}), "without a VPC"),
    ("an Enterprise registry without its instance", lambda cloud: enterprise(cloud, instanceID=""), "instanceID is required"),
    ("another instance than the registry's", lambda cloud: enterprise(cloud, instanceID=cloud.create_instance("b")), "no instance"),
    ("a registry that is not ACR", lambda _: build("docker.io/shop/app:1"), "not a host of ACR"),
    ("an invalid image", lambda _: build("a b"), "invalid image reference"),
    ("no image", lambda _: task(build={"dockerfile": "x"}), "invalid image reference"),
    ("a cache that is not mounted", lambda _: build(runner=RUNNER, cacheDir="/elsewhere"), "/elsewhere is on no NAS mount"),
    ("base images for a cache without NAS", lambda _: task(warm={"images": [IMAGE], "cacheDir": "/mnt/cache"}), "NAS mount"),
]  # fmt: skip


def _without(task: dict[str, Any], key: str) -> dict[str, Any]:
    del task["context"]["data"][key]
    return task


def test_what_an_environment_cannot_do_fails_at_once(cloud: Emulator, pipelines: Pipelines) -> None:
    for number, (label, wrong, fact) in enumerate(IMPOSSIBLE):
        phase, error = pipelines.finish(wrong(cloud), name=f"p-{number}")
        assert (phase, fact in error["message"]) == ("Failed", True), label


def test_an_accelerated_image_follows_the_original(cloud: Emulator, pipelines: Pipelines) -> None:
    assert pipelines.finish(enterprise(cloud, "8f2b1c0_accelerated"))[0] == "Success"
    tags = cloud.tags("shop/app")
    assert list(tags) == ["8f2b1c0", "8f2b1c0_accelerated"]
    assert tags["8f2b1c0"] != tags["8f2b1c0_accelerated"]
    host = cloud.enterprise_host.replace(".cr.", ".")  # as in the documentation
    image = build(f"{host}/shop/web:1_accelerated", runner=RUNNER, instanceID=cloud.instance_id)
    assert pipelines.finish(image, name="p-2")[0] == "Success"
    assert list(cloud.tags("shop/web")) == ["1", "1_accelerated"]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (lambda cloud: cloud.stick_conversion(), "TaskTimeout"),
        (lambda cloud: cloud.fail_conversion(), "ConversionFailed"),
    ],
    ids=["never ends", "fails"],
)
def test_a_failed_conversion_leaves_the_original(
    cloud: Emulator, pipelines: Pipelines, order: Callable[[Emulator], None], code: str
) -> None:
    order(cloud)
    assert pipelines.finish(build())[0] == "Success", "it has no conversion"
    phase, error = pipelines.finish(enterprise(cloud, "1_accelerated"), name="p-2")
    assert (phase, error["code"]) == ("Failed", code)
    assert list(cloud.tags("shop/app")) == ["1", "8f2b1c0"]


@pytest.mark.parametrize("knobs", [Knobs(build_seconds=1000)])
def test_the_environment_decides_how_long_a_build_may_take(cloud: Emulator, pipelines: Pipelines) -> None:
    pipelines.start(build())
    cloud.advance(899)
    assert pipelines.status()[0] == "Running"
    cloud.advance(1)
    assert pipelines.status()[1]["code"] == "TaskTimeout"
    assert pipelines.finish(build(runner=RUNNER), name="p-2")[0] == "Success"


def test_injected_failures_of_builds(cloud: Emulator, pipelines: Pipelines) -> None:
    cloud.hang_build()
    assert pipelines.finish(build(f"{HOST}/shop/web:1"))[1]["code"] == "TaskTimeout"
    cloud.lose_vpc()
    assert pipelines.finish(build(), name="p-2")[0] == "Success", "not in a VPC"
    assert pipelines.finish(enterprise(cloud, "2"), name="p-3")[1]["code"] == "RegistryUnreachable"
    assert list(cloud.tags("shop/app")) == ["8f2b1c0"]
    cloud.push_other_digest()
    pipelines.finish(build(f"{HOST}/shop/app:3"), name="p-4")
    reported = json.loads(pipelines.task("p-4-build")["status"]["invocations"][0]["output"])["digest"]
    assert cloud.tags("shop/app")["3"] != reported


def test_a_push_that_fails(cloud: Emulator, pipelines: Pipelines) -> None:
    digest = cloud.push("shop/app", "8f2b1c0", content="before")
    cloud.set_tag_immutability("shop/app")
    phase, error = pipelines.finish(build())
    assert (phase, error["code"], digest in error["message"]) == ("Failed", "PushFailed", True)
    cloud.add_registry(HOST, "http://127.0.0.1:1")
    phase, error = pipelines.finish(build(), name="p-2")
    assert (phase, error["code"]) == ("Failed", "PushFailed")
    assert "cannot be reached" in error["message"]


def test_verbs_carry_out_what_is_due(cloud: Emulator, pipelines: Pipelines) -> None:
    pipelines.start(build())
    cloud._account.clock.offset += 60
    assert list(cloud.tags("shop/app")) == ["8f2b1c0"]
    pipelines.start(build(f"{HOST}/shop/web:1"), name="p-2")
    cloud._account.clock.offset += 60
    assert list(RemoteEmulator(cloud.url).tags("shop/web")) == ["1"]


def test_a_canceled_pipeline_pushes_nothing(cloud: Emulator, pipelines: Pipelines) -> None:
    pipelines.start(build(), task("last", "build"))
    assert pipelines.sdk.cancel_pipeline("p-1").body.status.phase == "Canceled"
    cloud.advance(60)
    assert [pipelines.task(f"p-1-{name}")["status"]["phase"] for name in ("build", "last")] == ["Canceled"] * 2
    with pytest.raises(ValueError, match="shop/app"):
        cloud.tags("shop/app")
    with pytest.raises(ClientException, match="InvalidPipelineStatus"):
        pipelines.sdk.cancel_pipeline("p-1")


@pytest.mark.parametrize("knobs", [Knobs(pipeline_start="at-once", pipeline_phases="other")])
def test_the_knobs_of_start_and_phases(cloud: Emulator, pipelines: Pipelines) -> None:
    assert pipelines.create(build())["status"]["phase"] == "Executing"
    cloud.advance(60)
    assert pipelines.status()[0] == "Succeeded"


PIPELINES: list[tuple[str, Callable[[], Any], str]] = [
    ("an invalid name", lambda: {"name": "a b"}, "'a b'"),
    ("another kind", lambda: {"kind": "Task"}, "expected Pipeline"),
    ("labels that are not strings", lambda: {"labels": {"a": 1}}, "labels"),
    ("a template by name", lambda: {"spec": {"templateName": "mine"}}, "templateName"),
    ("no task", lambda: _spec(), "at least one task"),
    ("a task without a name", lambda: _spec({"taskTemplate": "build-image-task"}), "name None"),
    ("an unknown task template", lambda: _spec(task(template="mine")), "'mine'"),
    ("two tasks of one name", lambda: _spec(task(), task()), "one name"),
    ("a task after an unknown one", lambda: _spec(task("a", "b")), "a runs after b, which is not a task"),
    ("a task after itself", lambda: _spec(task("a", "b"), task("b", "a")), "a, b wait for each other in a circle"),
    ("tasks to run after as plain names", lambda: _spec({**task(), "runAfters": ["warm"]}), "list of objects"),
    ("a runnerConfig that is a string", lambda: _spec(task(runnerConfig="big")), "runnerConfig: expected an object"),
    ("a time-out that is a string", lambda: _spec(task(runnerConfig={"timeout": "9"})), "timeout '9'"),
]


def _spec(*tasks: Any) -> dict[str, Any]:
    return {"spec": {"templateSpec": {"tasks": list(tasks)}}}


def test_an_invalid_pipeline_has_a_reason(cloud: Emulator) -> None:
    for label, wrong, fact in PIPELINES:
        body = {"kind": "Pipeline", "name": "p-1", **_spec(build()), **wrong()}
        with pytest.raises(DevsError, match="InvalidArgument") as failed:
            cloud._account.pipelines.create_pipeline(body)
        assert fact in failed.value.message, label
    assert cloud.pipelines() == []


@pytest.mark.parametrize(
    ("knobs", "found"),
    [(Knobs(), 1), (Knobs(pipeline_tasks="named"), 0), (Knobs(pipeline_tasks="unlisted"), 0)],
)
def test_the_knob_of_tasks(pipelines: Pipelines, knobs: Knobs, found: int) -> None:
    pipelines.finish(build())
    labelled = models.ListTasksRequest(label_selector=["pipelineName=p-1"])
    assert len(pipelines.sdk.list_tasks(labelled).body) == found
    everything = pipelines.sdk.list_tasks(models.ListTasksRequest()).body
    assert len(everything) == (knobs.pipeline_tasks != "unlisted")


def test_a_task_without_a_pipeline_is_started_canceled_and_retried(cloud: Emulator, pipelines: Pipelines) -> None:
    sdk, data = pipelines.sdk, build()["context"]["data"]
    spec = {"templateName": "build-image-task", "context": {"data": data}}
    body = models.Task().from_map({"kind": "Task", "name": "alone", "spec": spec})
    assert sdk.create_task(models.CreateTaskRequest(body=body)).body.status.phase == "Created"
    with pytest.raises(ClientException, match="TaskAlreadyExists"):
        sdk.create_task(models.CreateTaskRequest(body=body))
    assert sdk.start_task("alone").body.status.phase == "Running"
    assert sdk.cancel_task("alone").body.status.phase == "Canceled"
    with pytest.raises(ClientException, match="InvalidTaskStatus"):
        sdk.resume_task("alone")
    assert sdk.retry_task("alone").body.status.phase == "Running"
    cloud.advance(60)
    assert pipelines.task("alone")["status"]["statusGeneration"] == 2
    assert list(cloud.tags("shop/app")) == ["8f2b1c0"]


def test_a_retry_of_a_failed_task_completes_its_pipeline(cloud: Emulator, pipelines: Pipelines) -> None:
    cloud.fail_build()
    pipelines.finish(build(), build(f"{HOST}/shop/web:1", "last", "build"))
    pipelines.sdk.retry_task("p-1-build")
    cloud.advance(60)
    assert pipelines.status()[0] == "Success"
    assert list(cloud.tags("shop/web")) == ["1"]


def test_a_status_that_is_put_ends_a_pipeline(cloud: Emulator, pipelines: Pipelines) -> None:
    pipeline = pipelines.start(build())
    status = models.PipelineStatus(phase="Failed", latest_exec_error=models.TaskExecError(message="by hand"))
    body = models.Pipeline(name="p-1", status=status, resource_version=pipeline["resourceVersion"] - 1)
    with pytest.raises(ClientException, match="ResourceVersionConflict"):
        pipelines.sdk.put_pipeline_status("p-1", models.PutPipelineStatusRequest(body=body))
    pipelines.sdk.put_pipeline_status("p-1", models.PutPipelineStatusRequest(body=body, force=True))
    cloud.advance(60)
    assert pipelines.status()[1]["message"] == "by hand"
    assert pipelines.task()["status"]["phase"] == "Canceled"


def test_a_status_that_is_put_ends_a_task_and_its_pipeline_continues(cloud: Emulator, pipelines: Pipelines) -> None:
    cloud.hang_build()
    pipelines.start(build(), build(f"{HOST}/shop/web:1", "last", "build"))
    body = models.Task(name="p-1-build", status=models.TaskStatus(phase="Success"))
    pipelines.sdk.put_task_status("p-1-build", models.PutTaskStatusRequest(body=body))
    cloud.advance(60)
    assert pipelines.status()[0] == "Success"
    body.status.phase = "Done"
    with pytest.raises(ClientException, match="expected one of"):
        pipelines.sdk.put_task_status("p-1-build", models.PutTaskStatusRequest(body=body))


def test_builds_continue_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state"
    with Emulator(state=file, knobs=Knobs(build_seconds=60)).serve() as cloud:
        Pipelines(cloud).start(build())
    with Emulator(state=file).serve() as cloud:
        cloud.advance(60)
        assert Pipelines(cloud).status()[0] == "Success"
        assert list(cloud.tags("shop/app")) == ["8f2b1c0"]


def test_a_disabled_key_is_rejected(cloud: Emulator, pipelines: Pipelines) -> None:
    cloud.set_key_active(False)
    with pytest.raises(ClientException, match=r"InvalidAccessKeyId\.Inactive"):
        pipelines.create(build())
    assert cloud.pipelines() == []


def test_a_build_may_push_over_the_wire_into_the_emulator_itself(cloud: Emulator, pipelines: Pipelines) -> None:
    cloud.add_registry(HOST, cloud.url)
    assert pipelines.finish(build())[0] == "Success"
    assert cloud.calls.count("PUT manifest") == 1
    assert list(cloud.tags("shop/app")) == ["8f2b1c0"]
