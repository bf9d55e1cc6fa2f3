"""Pipelines of Alibaba Cloud's documentation, from their text to a function that runs what they built."""

import re
from typing import Any

from fcpin.image import Image, original
from tests.lifecycle.stack_harness import CONFIG, FUNCTION, StackHarness
from tests.pipelines.documents import DATA, mended, text_of

PERSONAL = "registry-vpc.cn-hangzhou.aliyuncs.com"
COMMIT = "83f96b6c0ffee0123456789abcdef0123456789a"


def as_documented(example: str, harness: StackHarness) -> str:
    """The text of an example, with names of this cloud where the documentation has none or masks them."""
    text = text_of(example).replace("cri-xxxx", harness.cloud.instance_id).replace("***", "")
    return text.replace("demo-registry-vpc.cn-hangzhou.aliyuncs.com", harness.cloud.enterprise_host)


def configure(harness: StackHarness, functions: dict[str, dict[str, Any]]) -> None:
    url, cloud = harness.cloud.url, harness.cloud
    login = {"endpoint": url, "username": cloud.username, "password": cloud.password}
    registries = {cloud.enterprise_host: {"endpoint": url}, PERSONAL: login}
    harness.configure(functions, endpoints={"fc": url, "cr": url, "devs": url}, registries=registries)


def build(harness: StackHarness, text: str) -> Image:
    """Validate and run a pipeline as a user does; gives the image that it reports as pushed."""
    configure(harness, {})
    (harness.stack.folder / "pipeline.yaml").write_text(text)
    valid = harness.stack.fcpin("pipeline validate", "pipeline.yaml")
    assert valid.code == 0, valid
    values = ["--commit", COMMIT, "--app-name", "shop", "--env-name", "prod"]
    done = harness.stack.fcpin("pipeline run", "pipeline.yaml", *values)
    assert done.code == 0, done
    assert {one["status"]["phase"] for one in harness.cloud.pipelines()} == {"Success"}
    (image,) = re.findall(r"^\S+@sha256:[0-9a-f]{64}$", done.output, re.MULTILINE)
    return Image.parse(image)


def test_the_enterprise_example_builds_what_a_function_runs(harness: StackHarness) -> None:
    image = build(harness, as_documented("enterprise", harness))
    pin = {"repository": str(image.repository), "policy": {"digest": {"tag": original(image.tag or "")}}}
    configure(harness, {FUNCTION: {**pin, "accelerated": "prefer", "config": CONFIG}})
    harness.up()
    assert harness.deployed() == f"{image.tag}@{image.digest}"


def test_the_fifth_goes_on_to_the_function_of_its_s_yaml(harness: StackHarness) -> None:
    first = build(harness, mended())
    container = {"image": f"{first.repository}:{first.tag}", "port": 9000}
    harness.client().create("demo", {"runtime": "custom-container", "handler": "x", "customContainerConfig": container})
    harness.cloud.advance(60)
    imported = harness.stack.fcpin("s-import", str(DATA / "s.yaml"))
    assert imported.code == 0, imported
    second = harness.cloud.push(first.repository.path, "0123456", content="of the next commit")
    harness.up()
    assert harness.deployed("demo") == f"0123456@{second}"
