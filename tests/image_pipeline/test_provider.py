"""The provider of ImagePipeline in this process, driven as an engine does: check, diff, then create or update."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic import CheckFailure
from pulumi.output import Unknown

from fcpin.emulator import Emulator, Knobs
from fcpin.image_pipeline.provider import ImagePipelineProvider
from fcpin.layout import shorten
from fcpin.pinned_function.preview_cache import Engine, PreviewCache
from fcpin.pinned_function.provider import ProviderError
from tests.pipelines.harness import COMMIT, PATH, PERSONAL, DevsHarness, manual_clock

OTHER = "0123456c0ffee0123456789abcdef0123456789a"
_ID = "id"


@dataclass
class ImagePipelineHarness:
    """One resource of a stack. Every verb is a run of its own."""

    devs: DevsHarness
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    """The state; empty while there is no resource."""
    log: list[str] = field(default_factory=list)
    cache: Path | None = None
    """Where a preview leaves what it selected for the update after it."""

    def check(self, **wanted: Any) -> tuple[dict[str, Any], list[CheckFailure]]:
        checked = self.provider.check(self.inputs, {"commit": COMMIT, **wanted})
        return checked.inputs, checked.failures

    def up(self, **wanted: Any) -> dict[str, Any]:
        inputs, failures = self.check(**wanted)
        assert not failures, [failure.reason for failure in failures]
        self.inputs = inputs
        return self.deploy(inputs)

    def deploy(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Deploy what a preview has shown."""
        if not self.outputs:
            self.outputs = self.provider.create(inputs).outs or {}
        elif self.provider.diff(_ID, self.outputs, inputs).changes is not False:
            self.outputs = self.provider.update(_ID, self.outputs, inputs).outs or {}
        return self.outputs

    def changes(self, **wanted: Any) -> bool:
        """Whether a preview shows any."""
        return self.provider.diff(_ID, self.outputs, self.check(**wanted)[0]).changes is not False

    def refresh(self) -> None:
        read = self.provider.read(_ID, self.outputs)
        self.inputs, self.outputs = dict(read.inputs or {}), dict(read.outs or {})

    def destroy(self) -> None:
        self.provider.delete(_ID, self.outputs)
        self.inputs, self.outputs = {}, {}

    @property
    def provider(self) -> ImagePipelineProvider:
        provider = ImagePipelineProvider()
        provider._builds, provider._cache = self.devs.builds(), PreviewCache(self.cache, Engine.of_this_plugin())
        provider._log = lambda severity, message: self.log.append(f"{severity}: {message}")
        return provider


@pytest.fixture
def pipeline(knobs: Knobs) -> Iterator[ImagePipelineHarness]:
    clock = manual_clock()
    with Emulator(knobs=knobs, clock=clock).serve() as cloud:
        yield ImagePipelineHarness(DevsHarness(clock, cloud=cloud))


def test_a_preview_has_the_tag_and_no_digest_of_an_image_to_be_built(pipeline: ImagePipelineHarness) -> None:
    inputs, failures = pipeline.check(**PERSONAL)
    assert not failures
    assert (inputs["repository"], inputs["tag"]) == ("registry.cn-hangzhou.aliyuncs.com/shop/app", "83f96b6")
    assert "digest" not in inputs
    assert pipeline.devs.phases == []


def test_a_built_image_has_its_digest_and_pipeline(pipeline: ImagePipelineHarness) -> None:
    outputs = pipeline.up(**PERSONAL)
    assert outputs["digest"] == pipeline.devs.cloud.tags(PATH)["83f96b6"]
    assert outputs["pipeline"].startswith("p-83f96b6-")
    assert f"info: shop/app:83f96b6: pipeline {outputs['pipeline']}: Success" in pipeline.log
    assert not pipeline.changes(**PERSONAL)


def test_an_image_that_exists_is_previewed_and_taken(pipeline: ImagePipelineHarness) -> None:
    digest = pipeline.devs.cloud.push(PATH, "83f96b6", content="by another build")
    assert pipeline.check(**PERSONAL)[0]["digest"] == digest
    outputs = pipeline.up(**PERSONAL)
    assert (outputs["digest"], outputs["pipeline"]) == (digest, "")
    assert pipeline.devs.phases == []


def test_always_builds_once_and_not_at_every_run(pipeline: ImagePipelineHarness) -> None:
    pipeline.devs.cloud.push(PATH, "83f96b6", content="by another build")
    wanted = {**PERSONAL, "rebuild": "always"}
    assert pipeline.up(**wanted)["pipeline"]
    assert not pipeline.changes(**wanted)
    pipeline.up(**wanted, labels={"team": "shop"})
    assert len(pipeline.devs.phases) == 1, "labels do not change the image"
    pipeline.up(**wanted, dockerfile="code/Dockerfile")
    assert len(pipeline.devs.phases) == 2


def test_a_new_commit_builds_a_new_image_and_leaves_the_old_one(pipeline: ImagePipelineHarness) -> None:
    first = pipeline.up(**PERSONAL)
    second = pipeline.up(**PERSONAL, commit=OTHER)
    tags = pipeline.devs.cloud.tags(PATH)
    assert tags == {"83f96b6": first["digest"], "0123456": second["digest"]}
    pipeline.destroy()
    assert pipeline.devs.cloud.tags(PATH) == tags
    assert "info: registry.cn-hangzhou.aliyuncs.com/shop/app:0123456 stays in its registry" in pipeline.log


def test_another_image_is_built_and_another_builder_takes_what_exists(pipeline: ImagePipelineHarness) -> None:
    first = pipeline.up(**PERSONAL)
    elsewhere = {"image": "registry.cn-hangzhou.aliyuncs.com/shop/other:{commit}"}
    assert pipeline.up(**elsewhere)["digest"] == pipeline.devs.cloud.tags("shop/other")["83f96b6"]
    assert pipeline.up(**PERSONAL, builder="buildah")["digest"] == first["digest"]
    assert pipeline.devs.phases == ["Success", "Success"]


def test_a_tag_that_is_deleted_is_built_again(pipeline: ImagePipelineHarness) -> None:
    first = pipeline.up(**PERSONAL)
    pipeline.devs.cloud.delete_tag(PATH, "83f96b6")
    assert pipeline.changes(**PERSONAL)
    second = pipeline.up(**PERSONAL)
    assert second["digest"] == first["digest"]
    assert second["pipeline"] != first["pipeline"]
    pipeline.devs.cloud.delete_tag(PATH, "83f96b6")
    pipeline.refresh()
    assert pipeline.outputs == {}


def test_a_moved_tag_is_a_change_and_a_refresh_sees_it(pipeline: ImagePipelineHarness) -> None:
    pipeline.up(**PERSONAL)
    moved = pipeline.devs.cloud.push(PATH, "83f96b6", content="by another build")
    assert pipeline.changes(**PERSONAL)
    pipeline.refresh()
    assert pipeline.outputs["digest"] == pipeline.inputs["digest"] == moved
    assert not pipeline.changes(**PERSONAL)


def test_a_tag_that_moved_after_the_preview_is_not_deployed(pipeline: ImagePipelineHarness) -> None:
    pipeline.devs.cloud.push(PATH, "83f96b6", content="one")
    shown, _ = pipeline.check(**PERSONAL)
    pipeline.devs.cloud.push(PATH, "83f96b6", content="two")
    with pytest.raises(ProviderError, match="moved from sha256"):
        pipeline.deploy(shown)
    assert pipeline.devs.phases == []


def test_the_update_of_a_run_verifies_what_its_preview_selected(pipeline: ImagePipelineHarness, tmp_path: Path) -> None:
    pipeline.cache = tmp_path
    shown = pipeline.devs.cloud.push(PATH, "83f96b6", content="one")
    assert pipeline.check(**PERSONAL)[0]["digest"] == shown
    pipeline.devs.cloud.push(PATH, "83f96b6", content="two")
    with pytest.raises(ProviderError, match=f"moved from {shorten(shown)}"):
        pipeline.up(**PERSONAL)


def test_a_build_that_fails_changes_nothing(pipeline: ImagePipelineHarness) -> None:
    before = dict(pipeline.up(**PERSONAL))
    pipeline.devs.cloud.fail_build(message="no such file")
    with pytest.raises(ProviderError, match="no such file"):
        pipeline.up(**PERSONAL, commit=OTHER)
    assert pipeline.outputs == before
    assert pipeline.devs.phases == ["Success", "Failed"]


def test_all_problems_are_reported_at_once_with_their_paths(pipeline: ImagePipelineHarness) -> None:
    _, failures = pipeline.check(
        image="registry.cn-hangzhou.aliyuncs.com/shop/app:{commit}", commit="main", dokerfile="x"
    )
    assert {failure.property for failure in failures} == {"dokerfile", "commit"}
    _, failures = pipeline.check(image=pipeline.devs.enterprise["image"])
    assert {failure.property for failure in failures} == {"image", "instance_id"}


NOT_KNOWN: Any = Unknown  # the SDK has no types for it
UNKNOWN: list[tuple[str, dict[str, Any]]] = [
    ("the commit", {"commit": NOT_KNOWN()}),
    ("a network of another resource", {"runner": {"region_id": "cn-hangzhou", "vpc_config": {"vpc_id": NOT_KNOWN()}}}),
]


@pytest.mark.parametrize("unknown", [row[1] for row in UNKNOWN], ids=[row[0] for row in UNKNOWN])
def test_outputs_of_unknown_inputs_are_unknown(pipeline: ImagePipelineHarness, unknown: dict[str, Any]) -> None:
    inputs, failures = pipeline.check(**{**PERSONAL, **unknown})
    assert not failures
    assert "tag" not in inputs
    _, failures = pipeline.check(**{**PERSONAL, **unknown, "deadline": "soon"})
    assert [failure.property for failure in failures] == ["deadline"]


def test_the_state_has_no_secret(pipeline: ImagePipelineHarness) -> None:
    outputs = pipeline.up(**PERSONAL)
    assert pipeline.devs.cloud.access_key_secret not in repr(outputs)
    assert outputs["commit"] == COMMIT
