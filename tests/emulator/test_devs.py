"""Image-build pipelines, as the untouched SDK of Serverless Devs sees them."""

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


def test_a_build_goes_from_pending_to_success_and_pushes_at_its_end(cloud: Emulator, pipelines: Pipelines) -> None:
    assert pipelines.create(build())["status"]["phase"] == "Created"
    assert pipelines.sdk.start_pipeline("p-1").body.status.phase == "Running"
    assert pipelines.task()["status"]["phase"] == "Running"
    cloud.advance(60)
    assert pipelines.status()[0] == "Success"
    assert list(cloud.tags("shop/app")) == ["8f2b1c0"]


@pytest.mark.parametrize("network", ["", "-vpc", "-internal"])
def test_a_build_reaches_the_hosts_of_the_international_site(
    cloud: Emulator, pipelines: Pipelines, network: str
) -> None:
    pipelines.create(build(f"registry-intl{network}.cn-hangzhou.aliyuncs.com/shop/app:8f2b1c0"))
    pipelines.sdk.start_pipeline("p-1")
    cloud.advance(60)
    assert pipelines.status()[0] == "Success"


def test_a_function_runs_what_was_built(cloud: Emulator, pipelines: Pipelines) -> None:
    pipelines.finish(build())
    assert resolved(Functions(cloud).create_active(image=IMAGE)) == cloud.tags("shop/app")["8f2b1c0"]


def test_a_task_has_its_log_and_what_it_pushed(cloud: Emulator, pipelines: Pipelines) -> None:
    pipelines.finish(build(runner=RUNNER))
    status = pipelines.task()["status"]
    (invocation,) = status["invocations"]
    assert (invocation["slsProject"], invocation["slsLogStore"]) == ("demo-project", "demo-logstore")
    digest = cloud.tags("shop/app")["8f2b1c0"]
    assert json.loads(invocation["output"]) == {"image": IMAGE, "digest": digest}
    assert f"pushed {IMAGE}" in status["executionDetails"]


def test_equal_sources_make_equal_images(cloud: Emulator, pipelines: Pipelines) -> None:
    pipelines.finish(build())
    pipelines.finish(build(IMAGE.replace("app", "web")), name="p-2")
    pipelines.finish(build(context="./other"), name="p-3")
    first, other = cloud.tags("shop/web")["8f2b1c0"], cloud.tags("shop/app")["8f2b1c0"]
    assert first != other
    pipelines.finish(build(f"{HOST}/shop/app:dev"), name="p-4", context={"webhookCodeContext": {"commitID": "8f2b1c0"}})
    assert cloud.tags("shop/app")["dev"] == first


def test_a_name_is_taken_for_ever(pipelines: Pipelines) -> None:
    pipelines.finish(build())
    with pytest.raises(ClientException, match="PipelineAlreadyExists"):
        pipelines.create(build())


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


def test_a_task_that_is_not_enabled_is_skipped_and_waits_for_no_task(cloud: Emulator, pipelines: Pipelines) -> None:
    off = build(name="off")
    del off["context"]["data"]["enable"]
    assert pipelines.finish(off, build(IMAGE, "build", "off"))[0] == "Success"
    assert pipelines.task("p-1-off")["status"]["phase"] == "Skipped"
    assert list(cloud.tags("shop/app")) == ["8f2b1c0"]


def test_a_failure_is_the_end_of_what_runs_after_it(cloud: Emulator, pipelines: Pipelines) -> None:
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
REFUSED: list[tuple[str, Wrong, str]] = [
    ("an Enterprise registry from the default environment", lambda cloud: _without(enterprise(cloud), "runnerConfig"), "default environment"),
    ("an Enterprise registry without a VPC", lambda cloud: enterprise(cloud, runner={"timeout": 9}), "without a VPC"),
    ("an Enterprise registry without its instance", lambda cloud: enterprise(cloud, instanceID=""), "instanceID is required"),
    ("another instance than the registry's", lambda cloud: enterprise(cloud, instanceID=cloud.create_instance("b")), "no instance"),
    ("a registry that is not ACR", lambda _: build("docker.io/shop/app:1"), "not a host of ACR"),
    ("an image that is none", lambda _: build("a b"), "invalid image reference"),
    ("no image", lambda _: task(build={"dockerfile": "x"}), "invalid image reference"),
    ("a cache that is not mounted", lambda _: build(runner=RUNNER, cacheDir="/elsewhere"), "/elsewhere is on no NAS mount"),
    ("base images for a cache without NAS", lambda _: task(warm={"images": [IMAGE], "cacheDir": "/mnt/cache"}), "NAS mount"),
]  # fmt: skip


def _without(task: dict[str, Any], key: str) -> dict[str, Any]:
    del task["context"]["data"][key]
    return task


@pytest.mark.parametrize(("wrong", "fact"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_an_environment_cannot_do_fails_at_once(
    cloud: Emulator, pipelines: Pipelines, wrong: Wrong, fact: str
) -> None:
    phase, error = pipelines.finish(wrong(cloud))
    assert phase == "Failed"
    assert fact in error["message"]


def test_an_enterprise_host_may_be_written_as_in_the_documentation(cloud: Emulator, pipelines: Pipelines) -> None:
    host = cloud.enterprise_host.replace(".cr.", ".")
    image = build(f"{host}/shop/app:1_accelerated", runner=RUNNER, instanceID=cloud.instance_id)
    assert pipelines.finish(image)[0] == "Success"
    assert list(cloud.tags("shop/app")) == ["1", "1_accelerated"]


def test_an_accelerated_image_follows_the_original(cloud: Emulator, pipelines: Pipelines) -> None:
    assert pipelines.finish(enterprise(cloud, "8f2b1c0_accelerated"))[0] == "Success"
    tags = cloud.tags("shop/app")
    assert list(tags) == ["8f2b1c0", "8f2b1c0_accelerated"]
    assert tags["8f2b1c0"] != tags["8f2b1c0_accelerated"]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (lambda cloud: cloud.stick_conversion(), "TaskTimeout"),
        (lambda cloud: cloud.fail_conversion(), "ConversionFailed"),
    ],
    ids=["never ends", "fails"],
)
def test_a_conversion_that_goes_wrong_leaves_the_original(
    cloud: Emulator, pipelines: Pipelines, order: Callable[[Emulator], None], code: str
) -> None:
    order(cloud)
    assert pipelines.finish(build())[0] == "Success", "an image without a conversion takes no harm"
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


def test_a_build_that_hangs_is_ended_by_its_time_out(cloud: Emulator, pipelines: Pipelines) -> None:
    cloud.hang_build()
    phase, error = pipelines.finish(build())
    assert (phase, error["code"]) == ("Failed", "TaskTimeout")


def test_a_lost_vpc_befalls_the_next_build_in_one(cloud: Emulator, pipelines: Pipelines) -> None:
    cloud.lose_vpc()
    assert pipelines.finish(build())[0] == "Success"
    assert pipelines.finish(enterprise(cloud, "2"), name="p-2")[1]["code"] == "RegistryUnreachable"
    assert "2" not in cloud.tags("shop/app")


def test_a_build_may_push_another_image_than_it_reports(cloud: Emulator, pipelines: Pipelines) -> None:
    cloud.push_other_digest()
    pipelines.finish(build())
    reported = json.loads(pipelines.task()["status"]["invocations"][0]["output"])["digest"]
    assert cloud.tags("shop/app")["8f2b1c0"] != reported


def test_an_immutable_tag_is_not_pushed_again(cloud: Emulator, pipelines: Pipelines) -> None:
    digest = cloud.push("shop/app", "8f2b1c0", content="before")
    cloud.set_tag_immutability("shop/app")
    phase, error = pipelines.finish(build())
    assert (phase, error["code"]) == ("Failed", "PushFailed")
    assert digest in error["message"]


def test_the_verbs_see_what_has_become_due(cloud: Emulator, pipelines: Pipelines) -> None:
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


def test_a_pipeline_is_started_once(pipelines: Pipelines) -> None:
    pipelines.start(build())
    with pytest.raises(ClientException, match="InvalidPipelineStatus"):
        pipelines.sdk.start_pipeline("p-1")


@pytest.mark.parametrize("knobs", [Knobs(pipeline_start="at-once", pipeline_phases="other")])
def test_another_cloud_begins_at_once_and_has_other_words(cloud: Emulator, pipelines: Pipelines) -> None:
    assert pipelines.create(build())["status"]["phase"] == "Executing"
    cloud.advance(60)
    assert pipelines.status()[0] == "Succeeded"


PIPELINES: list[tuple[str, Callable[[], Any], str]] = [
    ("a name that cannot be", lambda: {"name": "a b"}, "'a b'"),
    ("another kind", lambda: {"kind": "Task"}, "expected Pipeline"),
    ("labels that are no texts", lambda: {"labels": {"a": 1}}, "labels"),
    ("a template by name", lambda: {"spec": {"templateName": "mine"}}, "templateName"),
    ("no task", lambda: _spec(), "at least one task"),
    ("a task without a name", lambda: _spec({"taskTemplate": "build-image-task"}), "name None"),
    ("a task template that is not there", lambda: _spec(task(template="mine")), "'mine'"),
    ("two tasks of one name", lambda: _spec(task(), task()), "one name"),
    ("a task after one that is not there", lambda: _spec(task("a", "b")), "a runs after b, which is not a task"),
    ("a task after itself", lambda: _spec(task("a", "b"), task("b", "a")), "a, b wait for each other in a circle"),
    ("tasks to run after as plain names", lambda: _spec({**task(), "runAfters": ["warm"]}), "list of objects"),
    ("a runnerConfig that is a text", lambda: _spec(task(runnerConfig="big")), "runnerConfig: expected an object"),
    ("a time-out that is a text", lambda: _spec(task(runnerConfig={"timeout": "9"})), "timeout '9'"),
]


def _spec(*tasks: Any) -> dict[str, Any]:
    return {"spec": {"templateSpec": {"tasks": list(tasks)}}}


@pytest.mark.parametrize(("wrong", "fact"), [row[1:] for row in PIPELINES], ids=[row[0] for row in PIPELINES])
def test_a_refused_pipeline_has_a_reason(cloud: Emulator, wrong: Callable[[], Any], fact: str) -> None:
    body = {"kind": "Pipeline", "name": "p-1", **_spec(build()), **wrong()}
    with pytest.raises(DevsError, match="InvalidArgument") as caught:
        cloud._account.pipelines.create_pipeline(body)
    assert fact in caught.value.message
    assert cloud.pipelines() == []


@pytest.mark.parametrize(
    ("knobs", "found"),
    [(Knobs(), 1), (Knobs(pipeline_tasks="named"), 0), (Knobs(pipeline_tasks="unlisted"), 0)],
)
def test_how_tasks_are_found_is_unknown(pipelines: Pipelines, knobs: Knobs, found: int) -> None:
    pipelines.finish(build())
    labelled = models.ListTasksRequest(label_selector=["pipelineName=p-1"])
    assert len(pipelines.sdk.list_tasks(labelled).body) == found
    everything = pipelines.sdk.list_tasks(models.ListTasksRequest()).body
    assert len(everything) == (knobs.pipeline_tasks != "unlisted")


def test_a_task_by_itself_is_started_canceled_and_retried(cloud: Emulator, pipelines: Pipelines) -> None:
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


def test_a_failed_task_that_is_retried_takes_its_pipeline_to_the_end(cloud: Emulator, pipelines: Pipelines) -> None:
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


def test_a_status_that_is_put_ends_a_task_and_its_pipeline_goes_on(cloud: Emulator, pipelines: Pipelines) -> None:
    cloud.hang_build()
    pipelines.start(build(), build(f"{HOST}/shop/web:1", "last", "build"))
    body = models.Task(name="p-1-build", status=models.TaskStatus(phase="Success"))
    pipelines.sdk.put_task_status("p-1-build", models.PutTaskStatusRequest(body=body))
    cloud.advance(60)
    assert pipelines.status()[0] == "Success"
    body.status.phase = "Done"
    with pytest.raises(ClientException, match="expected one of"):
        pipelines.sdk.put_task_status("p-1-build", models.PutTaskStatusRequest(body=body))


def test_a_killed_emulator_goes_on_with_its_builds(tmp_path: Path) -> None:
    file = tmp_path / "state"
    with Emulator(state=file, knobs=Knobs(build_seconds=60)).serve() as cloud:
        Pipelines(cloud).start(build())
    with Emulator(state=file).serve() as cloud:
        cloud.advance(60)
        assert Pipelines(cloud).status()[0] == "Success"
        assert list(cloud.tags("shop/app")) == ["8f2b1c0"]


def test_a_key_that_is_disabled_is_refused(cloud: Emulator, pipelines: Pipelines) -> None:
    cloud.set_key_active(False)
    with pytest.raises(ClientException, match=r"InvalidAccessKeyId\.Inactive"):
        pipelines.create(build())
    assert cloud.pipelines() == []


def test_a_registry_that_is_down_fails_the_build(cloud: Emulator, pipelines: Pipelines) -> None:
    cloud.add_registry(HOST, "http://127.0.0.1:1")
    phase, error = pipelines.finish(build())
    assert (phase, error["code"]) == ("Failed", "PushFailed")
    assert "cannot be reached" in error["message"]


def test_a_build_may_push_over_the_wire_into_the_emulator_itself(cloud: Emulator, pipelines: Pipelines) -> None:
    cloud.add_registry(HOST, cloud.url)
    assert pipelines.finish(build())[0] == "Success"
    assert cloud.calls.count("PUT manifest") == 1
    assert list(cloud.tags("shop/app")) == ["8f2b1c0"]
