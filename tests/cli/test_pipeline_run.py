"""fcpin pipeline run: progress, the images that are in the registry then, and no pipeline left running."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demo.code import CONTAINERFILE, Code
from tests.pipelines.documents import text_of
from tests.support.signals import as_in_a_terminal
from tests.support.told_stack import PATH, Answer, ToldStack

COMMIT = "83f96b6c0ffee0123456789abcdef0123456789a"


@pytest.fixture
def told(told: ToldStack) -> ToldStack:
    """A stack that knows where pipelines run, and has one."""
    url = told.cloud.url
    vpc = {"vpc_id": "vpc-1", "v_switch_ids": ["vsw-1"], "security_group_id": "sg-1"}
    runner = {"region_id": "cn-hangzhou", "vpc_config": vpc, "log_config": {"project": "logs", "logstore": "builds"}}
    pipeline = {"image": told.image("{commit}"), "instance_id": told.cloud.instance_id, "runner": runner}
    told.tell(endpoints={"fc": url, "cr": url, "devs": url}, pipelines={"app": pipeline})
    return told


def enterprise(told: ToldStack) -> Path:
    """The documentation's example with the names of this cloud."""
    text = text_of("enterprise").replace("cri-xxxx", told.cloud.instance_id)
    text = text.replace(
        "demo-registry-vpc.cn-hangzhou.aliyuncs.com/pipeline***/demo***:debug_accelerated",
        told.image("<% .git.shortCommitId %>_accelerated"),
    )
    file = told.folder / "pipeline.yaml"
    file.write_text(text)
    return file


def run(told: ToldStack, *arguments: Any) -> Answer:
    return told.fcpin("pipeline", "run", *map(str, arguments))


def phases(told: ToldStack) -> list[str]:
    return [one["status"]["phase"] for one in told.cloud.pipelines()]


def test_a_document_is_run_and_what_it_pushed_is_told(told: ToldStack) -> None:
    file = enterprise(told)
    answer = run(told, file, "--commit", COMMIT)
    assert answer.code == 0, answer
    digest = told.cloud.tags(PATH)["83f96b6_accelerated"]
    assert answer.out == f"{told.image('83f96b6_accelerated')}@{digest}\n"
    (pipeline,) = told.cloud.pipelines()
    assert pipeline["name"].startswith("image-build-use-cache-pipeline-")
    assert f"pipeline {pipeline['name']}: Running" in answer.err
    assert "log: project demo-project" in answer.err


def test_a_pipeline_of_the_stack_is_run_at_a_commit(told: ToldStack) -> None:
    answer = run(told, "--name", "app", "--commit", COMMIT)
    assert (answer.code, answer.out) == (0, f"{told.image('83f96b6')}@{told.cloud.tags(PATH)['83f96b6']}\n")


def test_what_is_there_already_is_told_and_not_built_unless_always(told: ToldStack) -> None:
    digest = told.push("83f96b6", "by somebody else")
    answer = run(told, "--commit", COMMIT)
    assert (answer.code, answer.out) == (0, f"{told.image('83f96b6')}@{digest}\n")
    assert f"{told.image('83f96b6')} exists" in answer.err
    assert phases(told) == []


def test_a_conversion_that_is_stuck_is_told_within_the_deadline(told: ToldStack) -> None:
    told.cloud.stick_conversion()
    answer = run(told, enterprise(told), "--commit", COMMIT, "--deadline", "1")
    assert (answer.code, answer.out) == (1, "")
    assert "83f96b6 was pushed, but ACR has not converted it" in answer.err
    assert phases(told) == ["Canceled"]


@pytest.mark.skipif(not shutil.which("buildah"), reason="buildah is not installed (Debian package buildah)")
def test_buildah_is_run_where_the_stack_says_so(told: ToldStack) -> None:
    commit = Code(told.folder / "code").commit({"Containerfile": CONTAINERFILE, "app": "one\n"})
    told.tell(pipelines={"app": {"image": told.image("{commit}"), "builder": "buildah", "source": "code"}})
    answer = run(told, "--commit", commit)
    tag = commit[:7]
    assert (answer.code, answer.out) == (0, f"{told.image(tag)}@{told.cloud.tags(PATH)[tag]}\n")
    assert "STEP 2/3: COPY app /app" in answer.err
    assert phases(told) == []


def test_a_build_that_fails_is_one_line_and_its_log(told: ToldStack) -> None:
    told.cloud.fail_build(message="no such file", log="COPY failed")
    answer = run(told, "--commit", COMMIT)
    assert (answer.code, answer.out) == (1, "")
    assert "COPY failed" in answer.err
    assert "no such file" in answer.err.splitlines()[-1]
    assert phases(told) == ["Failed"]


def test_what_is_not_ready_to_be_run_is_refused(told: ToldStack) -> None:
    file = told.folder / "p.yaml"
    for name, said in (("enterprise", "masked with ***"), ("warm-then-build", "spec.templateSpec.tasks")):
        file.write_text(text_of(name))
        answer = run(told, file, "--commit", COMMIT)
        assert answer.code == 2
        assert said in answer.err
    assert "--commit: is required" in run(told).err
    assert phases(told) == []


def test_no_time_at_all_is_no_deadline(told: ToldStack, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(told, "--commit", COMMIT, "--deadline", "0")
    assert "--deadline: expected more than 0" in capsys.readouterr().err


def test_a_task_that_is_off_pushes_nothing_and_that_is_said(told: ToldStack) -> None:
    file = enterprise(told)
    file.write_text(file.read_text().replace("enable: true", "enable: false"))
    answer = run(told, file, "--commit", COMMIT)
    assert (answer.code, answer.out) == (0, "")
    assert "nothing was pushed" in answer.err


def interrupt(told: ToldStack, commit: str, once: Callable[[], bool], *numbers: signal.Signals, **more: str) -> None:
    """Send signals to a run as soon as *once* holds; *more* is for its environment."""
    command = [sys.executable, "-m", "fcpin", "pipeline", "run", "--commit", commit]
    where = ["--stack", told.name, "--engine", "pulumi", "--cwd", str(told.folder)]
    with subprocess.Popen(
        [*command, *where],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **more},
        preexec_fn=as_in_a_terminal,
    ) as process:
        until = time.monotonic() + 30
        while not once():
            assert time.monotonic() < until
            time.sleep(0.05)
        for number in numbers:
            process.send_signal(number)
            time.sleep(0.02)
        _, told_of = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in told_of


@pytest.mark.parametrize(
    "numbers",
    [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT, signal.SIGINT]],
    ids=["SIGINT", "SIGTERM", "SIGINT twice"],
)
def test_interrupted_it_cancels_the_pipeline(told: ToldStack, numbers: list[signal.Signals]) -> None:
    told.cloud.hang_build()
    interrupt(told, COMMIT, lambda: phases(told) == ["Running"], *numbers)
    assert phases(told) == ["Canceled"]


@pytest.mark.skipif(not shutil.which("buildah"), reason="buildah is not installed (Debian package buildah)")
def test_interrupted_a_build_here_leaves_nothing(told: ToldStack) -> None:
    work = told.folder / "work"
    work.mkdir()
    files = {"Containerfile": "FROM scratch\n" + "COPY app /app\n" * 1000, "app": "one\n"}
    commit = Code(told.folder / "code").commit(files)
    told.tell(pipelines={"app": {"image": told.image("{commit}"), "builder": "buildah", "source": "code"}})
    interrupt(told, commit, lambda: bool(list(work.glob("*/tree/app"))), signal.SIGINT, TMPDIR=str(work))
    assert list(work.iterdir()) == []
