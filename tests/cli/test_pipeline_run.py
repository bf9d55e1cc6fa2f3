"""fcpin pipeline run: progress, the images that are in the registry then, and no pipeline left running."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from demo.code import CONTAINERFILE, Code
from tests.pipelines.documents import text_of
from tests.support.command import Answer
from tests.support.deployed_stack import PATH, DeployedStack
from tests.support.signals import interruptible

COMMIT = "83f96b6c0ffee0123456789abcdef0123456789a"


@pytest.fixture
def stack(stack: DeployedStack) -> DeployedStack:
    """A stack that knows where pipelines run, and has one."""
    url = stack.cloud.url
    vpc = {"vpc_id": "vpc-1", "v_switch_ids": ["vsw-1"], "security_group_id": "sg-1"}
    runner = {"region_id": "cn-hangzhou", "vpc_config": vpc, "log_config": {"project": "logs", "logstore": "builds"}}
    pipeline = {"image": stack.image("{commit}"), "instance_id": stack.cloud.instance_id, "runner": runner}
    stack.configure(endpoints={"fc": url, "cr": url, "devs": url}, pipelines={"app": pipeline})
    return stack


def enterprise(stack: DeployedStack) -> Path:
    """The documentation's example with the names of this cloud."""
    text = text_of("enterprise").replace("cri-xxxx", stack.cloud.instance_id)
    text = text.replace(
        "demo-registry-vpc.cn-hangzhou.aliyuncs.com/pipeline***/demo***:debug_accelerated",
        stack.image("<% .git.shortCommitId %>_accelerated"),
    )
    file = stack.folder / "pipeline.yaml"
    file.write_text(text)
    return file


def run(stack: DeployedStack, *arguments: Any) -> Answer:
    return stack.fcpin("pipeline", "run", *map(str, arguments))


def phases(stack: DeployedStack) -> list[str]:
    return [one["status"]["phase"] for one in stack.cloud.pipelines()]


def test_a_document_is_run_and_what_it_pushed_is_reported(stack: DeployedStack) -> None:
    file = enterprise(stack)
    answer = run(stack, file, "--commit", COMMIT)
    assert answer.code == 0, answer
    digest = stack.cloud.tags(PATH)["83f96b6_accelerated"]
    assert answer.out == f"{stack.image('83f96b6_accelerated')}@{digest}\n"
    (pipeline,) = stack.cloud.pipelines()
    assert pipeline["name"].startswith("image-build-use-cache-pipeline-")
    assert f"pipeline {pipeline['name']}: Running" in answer.err
    assert "log: project demo-project" in answer.err


def test_a_pipeline_of_the_stack_is_run_at_a_commit(stack: DeployedStack) -> None:
    answer = run(stack, "--name", "app", "--commit", COMMIT)
    assert (answer.code, answer.out) == (0, f"{stack.image('83f96b6')}@{stack.cloud.tags(PATH)['83f96b6']}\n")


def test_what_is_there_already_is_reported_and_not_built_unless_always(stack: DeployedStack) -> None:
    digest = stack.push("83f96b6", "elsewhere")
    answer = run(stack, "--commit", COMMIT)
    assert (answer.code, answer.out) == (0, f"{stack.image('83f96b6')}@{digest}\n")
    assert f"{stack.image('83f96b6')} exists" in answer.err
    assert phases(stack) == []


@pytest.mark.skipif(not shutil.which("buildah"), reason="buildah is not installed (Debian package buildah)")
def test_buildah_is_run_where_the_stack_has_it_as_builder(stack: DeployedStack) -> None:
    commit = Code(stack.folder / "code").commit({"Containerfile": CONTAINERFILE, "app": "one\n"})
    stack.configure(pipelines={"app": {"image": stack.image("{commit}"), "builder": "buildah", "source": "code"}})
    answer = run(stack, "--commit", commit)
    tag = commit[:7]
    assert (answer.code, answer.out) == (0, f"{stack.image(tag)}@{stack.cloud.tags(PATH)[tag]}\n")
    assert "STEP 2/3: COPY app /app" in answer.err
    assert phases(stack) == []


def test_a_build_that_fails_is_one_line_and_its_log(stack: DeployedStack) -> None:
    stack.cloud.fail_build(message="no such file", log="COPY failed")
    answer = run(stack, "--commit", COMMIT)
    assert (answer.code, answer.out) == (1, "")
    assert "COPY failed" in answer.err
    assert "no such file" in answer.err.splitlines()[-1]
    assert phases(stack) == ["Failed"]


def test_what_is_not_ready_to_be_run_is_refused(stack: DeployedStack) -> None:
    file = stack.folder / "p.yaml"
    for name, text in (("enterprise", "masked with ***"), ("warm-then-build", "spec.templateSpec.tasks")):
        file.write_text(text_of(name))
        answer = run(stack, file, "--commit", COMMIT)
        assert answer.code == 2
        assert text in answer.err
    assert "--commit: is required" in run(stack).err
    assert phases(stack) == []


def test_a_conversion_that_never_ends_is_named_at_the_deadline(stack: DeployedStack) -> None:
    stack.cloud.stick_conversion()
    answer = run(stack, enterprise(stack), "--commit", COMMIT, "--deadline", "1")
    assert (answer.code, answer.out) == (1, "")
    assert f"; {stack.image('83f96b6')} was pushed, but ACR has not converted it" in answer.err.splitlines()[-1]
    assert phases(stack) == ["Canceled"]


def test_a_deadline_is_at_least_one_second(stack: DeployedStack) -> None:
    answer = run(stack, "--commit", COMMIT, "--deadline", "0")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("fcpin pipeline run: --deadline: 0 is not in the range x>=1; see ")


def test_a_task_that_is_off_pushes_nothing_and_that_is_reported(stack: DeployedStack) -> None:
    file = enterprise(stack)
    file.write_text(file.read_text().replace("enable: true", "enable: false"))
    answer = run(stack, file, "--commit", COMMIT)
    assert (answer.code, answer.out) == (0, "")
    assert "nothing was pushed" in answer.err


def test_interrupted_twice_it_cancels_the_pipeline(stack: DeployedStack) -> None:
    stack.cloud.hang_build()
    where = ["--stack", stack.name, "--engine", "pulumi", "--cwd", str(stack.folder)]
    with interruptible(
        [sys.executable, "-m", "fcpin", "pipeline", "run", "--commit", COMMIT, *where],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        until = time.monotonic() + 30
        while phases(stack) != ["Running"]:
            assert time.monotonic() < until
            time.sleep(0.05)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.02)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert phases(stack) == ["Canceled"]
