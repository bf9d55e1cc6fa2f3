"""From a commit to a function that runs the image built of it, in one program and one run."""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from demo.code import CONTAINERFILE, Code
from tests.lifecycle.stack_harness import CONFIG, PATH, StackHarness
from tests.support.signals import interruptible

PROGRAM = """
import os
import pulumi
from fcpin.image_pipeline import ImagePipeline, configured_pipelines
from fcpin.pinned_function import PinnedFunction

built = ImagePipeline.from_config("app", configured_pipelines()["app"], commit=os.environ["GIT_COMMIT"])
pin = PinnedFunction("checkout", function_name="checkout", image=built.image, config={config})
pulumi.export("tag", built.tag)
pulumi.export("built", built.image)
pulumi.export("runs", pin.release)
"""
COMMIT, NEXT = "83f96b6c0ffee0123456789abcdef0123456789a", "0123456c0ffee0123456789abcdef0123456789a"


def configure(harness: StackHarness, commit: str, **changes: Any) -> None:
    """The stack at *commit*: an accelerated image in ACR Enterprise."""
    (harness.stack.folder / "__main__.py").write_text(PROGRAM.replace("{config}", repr(CONFIG)))
    runner = {
        "region_id": "cn-hangzhou",
        "vpc_config": {"vpc_id": "vpc-1", "v_switch_ids": ["vsw-1"], "security_group_id": "sg-1"},
        "log_config": {"project": "logs", "logstore": "builds"},
    }
    pipeline = {
        "image": f"{harness.repository}:{{commit}}_accelerated",
        "instance_id": harness.cloud.instance_id,
        "runner": runner,
        **changes,
    }
    url = harness.cloud.url
    harness.configure({}, pipelines={"app": pipeline}, endpoints={"fc": url, "cr": url, "devs": url})
    harness.stack.environment["GIT_COMMIT"] = commit


def test_a_commit_is_built_and_its_function_runs_exactly_that(harness: StackHarness) -> None:
    configure(harness, COMMIT)
    preview = harness.preview()
    assert re.search(r'\btag *: "83f96b6_accelerated"', preview.output), preview
    assert harness.cloud.pipelines() == []

    up = harness.up()
    assert "Running" in up.output
    digest = harness.cloud.tags(PATH)["83f96b6_accelerated"]
    assert harness.deployed() == f"83f96b6_accelerated@{digest}"
    assert harness.stack.preview("--expect-no-changes").code == 0

    configure(harness, NEXT)
    harness.up()
    assert harness.deployed() == f"0123456_accelerated@{harness.cloud.tags(PATH)['0123456_accelerated']}"


def test_a_failed_build_changes_no_function(harness: StackHarness) -> None:
    configure(harness, COMMIT)
    harness.up()
    runs = harness.deployed()
    harness.cloud.fail_build(message="no such file")
    configure(harness, NEXT)
    failed = harness.stack.up("--skip-preview")
    assert (failed.code, failed.has_traceback) == (1, False)
    assert "no such file" in failed.output
    assert (harness.deployed(), harness.cloud.calls.count("UpdateFunction")) == (runs, 0)


def test_a_run_that_is_broken_off_leaves_no_pipeline_running(harness: StackHarness) -> None:
    configure(harness, COMMIT)
    harness.cloud.hang_build()
    break_off(harness, once=lambda: phases(harness) == ["Running"])
    wait_until(lambda: phases(harness) == ["Canceled"])
    assert harness.cloud.functions() == []


needs_buildah = pytest.mark.skipif(
    not shutil.which("buildah"), reason="buildah is not installed (Debian package buildah)"
)


@needs_buildah
def test_without_a_pipeline_it_is_built_here_and_its_function_runs_exactly_that(harness: StackHarness) -> None:
    code = Code(harness.stack.folder / "code")
    first = code.commit({"Containerfile": CONTAINERFILE, "app": "one\n"})
    configure_here(harness, first)
    harness.up()
    runs = f"{first[:7]}@{harness.cloud.tags(PATH)[first[:7]]}"
    assert harness.deployed() == runs
    assert harness.stack.preview("--expect-no-changes").code == 0

    broken = code.commit({"Containerfile": "FROM scratch\nCOPY nothing /app\n"})
    configure_here(harness, broken)
    failed = harness.stack.up("--skip-preview")
    assert failed.code == 1
    assert "fcpin: buildah: " in failed.output
    assert not failed.has_traceback, failed
    assert harness.deployed() == runs
    assert harness.cloud.pipelines() == []


@needs_buildah
def test_broken_off_nothing_of_the_build_goes_on(harness: StackHarness, tmp_path: Path) -> None:
    code = Code(harness.stack.folder / "code")
    files = {"Containerfile": "FROM scratch\n" + "COPY app /app\n" * 2000, "app": "one\n"}
    configure_here(harness, code.commit(files))
    harness.stack.environment["TMPDIR"] = str(tmp_path)
    break_off(harness, once=lambda: bool(builds_in(tmp_path)))
    wait_until(lambda: not builds_in(tmp_path))
    assert harness.cloud.functions() == []


def configure_here(harness: StackHarness, commit: str) -> None:
    """The stack at *commit* of the repository `code`, built by buildah."""
    (harness.stack.folder / "__main__.py").write_text(PROGRAM.replace("{config}", repr(CONFIG)))
    harness.configure(
        {}, pipelines={"app": {"image": f"{harness.repository}:{{commit}}", "builder": "buildah", "source": "code"}}
    )
    harness.stack.environment["GIT_COMMIT"] = commit


def builds_in(folder: Path) -> list[Sequence[str]]:
    """What buildah is doing with files in *folder*."""
    commands = [process.info["cmdline"] or [""] for process in psutil.process_iter(["cmdline"])]
    return [command for command in commands if command[0] == "buildah" and str(folder) in " ".join(command)]


def phases(harness: StackHarness) -> list[str]:
    return [one["status"]["phase"] for one in harness.cloud.pipelines()]


def break_off(harness: StackHarness, *, once: Callable[[], bool]) -> None:
    """Press Ctrl-C twice as soon as *once* holds: the first waits for what is under way, the second does not."""
    with interruptible(
        harness.stack.command("up", "--yes", "--skip-preview"),
        cwd=harness.stack.folder,
        env=harness.stack.process_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(once)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)
