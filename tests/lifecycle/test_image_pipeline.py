"""From a commit to a function that runs the image built of it, in one program and one run."""

import signal
import subprocess
import time
from typing import Any

from tests.lifecycle.shop import CONFIG, PATH, Shop
from tests.support.signals import as_in_a_terminal

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


def configure(shop: Shop, commit: str, **changes: Any) -> None:
    """The stack at *commit*: an accelerated image in ACR Enterprise."""
    (shop.stack.folder / "__main__.py").write_text(PROGRAM.replace("{config}", repr(CONFIG)))
    runner = {
        "region_id": "cn-hangzhou",
        "vpc_config": {"vpc_id": "vpc-1", "v_switch_ids": ["vsw-1"], "security_group_id": "sg-1"},
        "log_config": {"project": "logs", "logstore": "builds"},
    }
    pipeline = {
        "image": f"{shop.repository}:{{commit}}_accelerated",
        "instance_id": shop.cloud.instance_id,
        "runner": runner,
        **changes,
    }
    url = shop.cloud.url
    shop.configure({}, pipelines={"app": pipeline}, endpoints={"fc": url, "cr": url, "devs": url})
    shop.stack.environment["GIT_COMMIT"] = commit


def test_a_commit_is_built_and_its_function_runs_exactly_that(shop: Shop) -> None:
    configure(shop, COMMIT)
    preview = shop.preview()
    assert '+ tag  : "83f96b6_accelerated"' in preview.output or '+ tag: "83f96b6_accelerated"' in preview.output
    assert shop.cloud.pipelines() == []

    up = shop.up()
    assert "Running" in up.output
    digest = shop.cloud.tags(PATH)["83f96b6_accelerated"]
    assert shop.deployed() == f"83f96b6_accelerated@{digest}"
    assert shop.stack.preview("--expect-no-changes").code == 0

    configure(shop, NEXT)
    shop.up()
    assert shop.deployed() == f"0123456_accelerated@{shop.cloud.tags(PATH)['0123456_accelerated']}"

    shop.cloud.fail_build(message="no such file")
    configure(shop, COMMIT[::-1])
    failed = shop.stack.up("--skip-preview")
    assert failed.code == 1
    assert "no such file" in failed.output
    assert not failed.has_traceback, failed
    assert shop.deployed().startswith("0123456_accelerated@")
    assert {one["status"]["phase"] for one in shop.cloud.pipelines()} == {"Success", "Failed"}


def test_a_run_that_is_broken_off_leaves_no_pipeline_running(shop: Shop) -> None:
    configure(shop, COMMIT)
    shop.cloud.hang_build()
    command = shop.stack.command("up", "--yes", "--skip-preview")
    with subprocess.Popen(
        command,
        cwd=shop.stack.folder,
        env=shop.stack.process_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=as_in_a_terminal,
    ) as process:
        wait_for(shop, "Running")
        for _ in range(2):  # the first Ctrl-C waits for what is under way, the second does not
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
    wait_for(shop, "Canceled")
    assert shop.cloud.functions() == []


def wait_for(shop: Shop, phase: str) -> None:
    until = time.monotonic() + 30
    while [one["status"]["phase"] for one in shop.cloud.pipelines()] != [phase]:
        assert time.monotonic() < until, shop.cloud.pipelines()
        time.sleep(0.05)
