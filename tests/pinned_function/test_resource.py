"""`PinnedFunction(image=…)`: while the image is being built the pin is unknown; then it is exactly that image."""

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from pulumi.output import Unknown
from pulumi.runtime.rpc import UNKNOWN

from fcpin.emulator import Emulator, Knobs
from fcpin.pinned_function.resource import from_image
from tests.support.plugin import CONFIG, PATH, REGION, Plugin

HOST = f"registry.{REGION}.aliyuncs.com"
NOT_YET: Any = Unknown  # the SDK has no types for it


@pytest.fixture
def plugin() -> Iterator[Plugin]:
    with Emulator(knobs=Knobs(create_seconds=0, update_seconds=0)).serve() as cloud:
        yield Plugin(cloud)


def wanted(image: Any) -> dict[str, Any]:
    """What the resource makes of *image*, once it is known."""
    known = isinstance(image, str)
    return {
        "repository": image.partition(":")[0] if known else image,
        "policy": {"follow": {"stack": "the image's pipeline", "image": image}},
        "accelerated": "ignore" if known else image,
        "config": CONFIG,
    }


def test_before_it_is_built_the_pin_is_unknown_and_then_it_is_that_image(plugin: Plugin) -> None:
    shown = plugin.preview(**wanted(NOT_YET()))
    assert [shown[key] for key in ("tag", "digest", "image")] == [UNKNOWN] * 3
    assert shown["drift"] == "ok"
    digest = plugin.cloud.push(PATH, "83f96b6", content="built")
    plugin.cloud.push(PATH, "0123456", content="newer")
    outputs = plugin.up(**wanted(f"{HOST}/{PATH}:83f96b6@{digest}"))
    assert (outputs["tag"], outputs["digest"]) == ("83f96b6", digest)
    assert plugin.changes(**wanted(NOT_YET()))


def test_another_image_under_its_tag_is_not_deployed(plugin: Plugin) -> None:
    digest = plugin.cloud.push(PATH, "83f96b6", content="built")
    plugin.cloud.push(PATH, "83f96b6", content="by another user")
    image = f"{HOST}/{PATH}:83f96b6@{digest}"
    provider = plugin._provider()
    (failure,) = provider.check({}, {"function_name": "checkout", "region": REGION, **wanted(image)}).failures
    assert "points at" in failure.reason
    assert plugin.cloud.functions() == []


@pytest.mark.parametrize("other", ["repository", "policy"])
def test_an_image_and_what_would_choose_one_are_refused_together(other: str) -> None:
    with pytest.raises(pulumi.RunError, match=f"checkout: image is set; remove {other}"):
        from_image("r/a:b", {other: "x"}, "checkout")
