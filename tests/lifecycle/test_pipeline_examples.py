"""The five pipelines of Alibaba Cloud's documentation, from their text to a function that runs what they built."""

import re
from typing import Any

import pytest
import yaml

from fcpin.image import Image
from fcpin.policy.tag_names import original
from tests.lifecycle.shop import CONFIG, FUNCTION, Shop
from tests.pipelines.documents import DATA, mended, text_of

PERSONAL = "registry-vpc.cn-hangzhou.aliyuncs.com"
COMMIT = "83f96b6c0ffee0123456789abcdef0123456789a"


def as_documented(example: str, shop: Shop) -> str:
    """The text of an example, with names of this cloud where the documentation has none or masks them."""
    text = text_of(example).replace("cri-xxxx", shop.cloud.instance_id).replace("***", "")
    return text.replace("demo-registry-vpc.cn-hangzhou.aliyuncs.com", shop.cloud.enterprise_host)


def whole(shop: Shop) -> str:
    """The third example is a list of tasks, with a cache: they belong into the second one's environment."""
    pipeline, tasks = (yaml.safe_load(as_documented(name, shop)) for name in ("nas-cache", "warm-then-build"))
    del tasks[0]["context"]["data"]["warm"]["instanceID"]  # of Enterprise, for images of Personal
    pipeline["spec"]["templateSpec"]["tasks"] = tasks
    return yaml.safe_dump(pipeline)


def configure(shop: Shop, functions: dict[str, dict[str, Any]]) -> None:
    url, cloud = shop.cloud.url, shop.cloud
    login = {"endpoint": url, "username": cloud.username, "password": cloud.password}
    registries = {cloud.enterprise_host: {"endpoint": url}, PERSONAL: login}
    shop.configure(functions, endpoints={"fc": url, "cr": url, "devs": url}, registries=registries)


def build(shop: Shop, text: str) -> Image:
    """Validate and run a pipeline as a user does; gives what it says that it has pushed."""
    configure(shop, {})
    (shop.stack.folder / "pipeline.yaml").write_text(text)
    valid = shop.stack.fcpin("pipeline validate", "pipeline.yaml")
    assert valid.code == 0, valid
    values = ["--commit", COMMIT, "--app-name", "shop", "--env-name", "prod"]
    done = shop.stack.fcpin("pipeline run", "pipeline.yaml", *values)
    assert done.code == 0, done
    assert {one["status"]["phase"] for one in shop.cloud.pipelines()} == {"Success"}
    (image,) = re.findall(r"^\S+@sha256:[0-9a-f]{64}$", done.output, re.MULTILINE)
    return Image.parse(image)


@pytest.mark.parametrize("example", ["default-environment", "nas-cache", "warm-then-build", "enterprise"])
def test_what_an_example_builds_is_what_a_function_runs(shop: Shop, example: str) -> None:
    image = build(shop, whole(shop) if example == "warm-then-build" else as_documented(example, shop))
    pin = {"repository": str(image.repository), "policy": {"digest": {"tag": original(image.tag or "")}}}
    configure(shop, {FUNCTION: {**pin, "accelerated": "prefer", "config": CONFIG}})
    shop.up()
    assert shop.deployed() == f"{image.tag}@{image.digest}"


def test_the_fifth_goes_on_to_the_function_of_its_s_yaml(shop: Shop) -> None:
    first = build(shop, mended())
    container = {"image": f"{first.repository}:{first.tag}", "port": 9000}
    shop.client().create("demo", {"runtime": "custom-container", "handler": "x", "customContainerConfig": container})
    shop.cloud.advance(60)
    imported = shop.stack.fcpin("s-import", str(DATA / "s.yaml"))
    assert imported.code == 0, imported
    second = shop.cloud.push(first.repository.path, "0123456", content="of the next commit")
    shop.up()
    assert shop.deployed("demo") == f"0123456@{second}"
