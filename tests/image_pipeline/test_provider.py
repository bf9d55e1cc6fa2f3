"""An image is built once for a commit, told as the registry has it, and never left half made."""

from pathlib import Path
from typing import Any

import pytest
from pulumi.output import Unknown

from fcpin.layout import shorten
from fcpin.pinned_function.provider_base import ProviderError
from tests.build.workshop import COMMIT, PATH, Workshop
from tests.image_pipeline.plugin import Plugin

OTHER = "0123456c0ffee0123456789abcdef0123456789a"


@pytest.fixture
def plugin(workshop: Workshop) -> Plugin:
    return Plugin(workshop)


def test_a_preview_tells_the_tag_and_not_the_digest_of_what_is_to_be_built(plugin: Plugin) -> None:
    inputs, failures = plugin.check(**plugin.workshop.personal)
    assert not failures
    assert (inputs["repository"], inputs["tag"]) == ("registry.cn-hangzhou.aliyuncs.com/shop/app", "83f96b6")
    assert "digest" not in inputs
    assert plugin.workshop.phases == []


def test_it_is_built_and_told_with_its_digest_and_pipeline(plugin: Plugin) -> None:
    outputs = plugin.up(**plugin.workshop.personal)
    assert outputs["digest"] == plugin.workshop.cloud.tags(PATH)["83f96b6"]
    assert outputs["pipeline"].startswith("p-83f96b6-")
    assert f"info: shop/app:83f96b6: pipeline {outputs['pipeline']}: Success" in plugin.said
    assert not plugin.changes(**plugin.workshop.personal)


def test_an_image_that_is_there_is_previewed_and_taken(plugin: Plugin) -> None:
    digest = plugin.workshop.cloud.push(PATH, "83f96b6", content="by somebody else")
    assert plugin.check(**plugin.workshop.personal)[0]["digest"] == digest
    outputs = plugin.up(**plugin.workshop.personal)
    assert (outputs["digest"], outputs["pipeline"]) == (digest, "")
    assert plugin.workshop.phases == []


def test_always_builds_it_anew_once_and_not_at_every_run(plugin: Plugin) -> None:
    plugin.workshop.cloud.push(PATH, "83f96b6", content="by somebody else")
    wanted = {**plugin.workshop.personal, "rebuild": "always"}
    assert plugin.up(**wanted)["pipeline"]
    assert not plugin.changes(**wanted)
    plugin.up(**wanted, labels={"team": "shop"})
    assert len(plugin.workshop.phases) == 1, "a label makes no other image"
    plugin.up(**wanted, dockerfile="code/Dockerfile")
    assert len(plugin.workshop.phases) == 2


def test_a_new_commit_builds_a_new_image_and_leaves_the_old_one(plugin: Plugin) -> None:
    first = plugin.up(**plugin.workshop.personal)
    second = plugin.up(**plugin.workshop.personal, commit=OTHER)
    tags = plugin.workshop.cloud.tags(PATH)
    assert tags == {"83f96b6": first["digest"], "0123456": second["digest"]}
    plugin.destroy()
    assert plugin.workshop.cloud.tags(PATH) == tags
    assert "info: registry.cn-hangzhou.aliyuncs.com/shop/app:0123456 stays in its registry" in plugin.said


def test_another_image_is_built_and_another_builder_takes_what_is_there(plugin: Plugin) -> None:
    first = plugin.up(**plugin.workshop.personal)
    elsewhere = {"image": "registry.cn-hangzhou.aliyuncs.com/shop/other:{commit}"}
    assert plugin.up(**elsewhere)["digest"] == plugin.workshop.cloud.tags("shop/other")["83f96b6"]
    assert plugin.up(**plugin.workshop.personal, builder="buildah")["digest"] == first["digest"]
    assert plugin.workshop.phases == ["Success", "Success"]


def test_a_tag_that_is_deleted_is_built_anew(plugin: Plugin) -> None:
    first = plugin.up(**plugin.workshop.personal)
    plugin.workshop.cloud.delete_tag(PATH, "83f96b6")
    assert plugin.changes(**plugin.workshop.personal)
    second = plugin.up(**plugin.workshop.personal)
    assert second["digest"] == first["digest"]
    assert second["pipeline"] != first["pipeline"]
    plugin.workshop.cloud.delete_tag(PATH, "83f96b6")
    plugin.refresh()
    assert plugin.outputs == {}


def test_a_tag_that_somebody_moves_is_a_change_and_a_refresh_sees_it(plugin: Plugin) -> None:
    plugin.up(**plugin.workshop.personal)
    moved = plugin.workshop.cloud.push(PATH, "83f96b6", content="by somebody else")
    assert plugin.changes(**plugin.workshop.personal)
    plugin.refresh()
    assert plugin.outputs["digest"] == plugin.inputs["digest"] == moved
    assert not plugin.changes(**plugin.workshop.personal)


def test_what_moved_after_the_preview_is_not_taken_unseen(plugin: Plugin) -> None:
    plugin.workshop.cloud.push(PATH, "83f96b6", content="one")
    shown, _ = plugin.check(**plugin.workshop.personal)
    plugin.workshop.cloud.push(PATH, "83f96b6", content="two")
    with pytest.raises(ProviderError, match="moved from sha256"):
        plugin.deploy(shown)
    assert plugin.workshop.phases == []


def test_the_update_of_a_run_checks_what_its_preview_has_shown(plugin: Plugin, tmp_path: Path) -> None:
    plugin.memory = tmp_path
    shown = plugin.workshop.cloud.push(PATH, "83f96b6", content="one")
    assert plugin.check(**plugin.workshop.personal)[0]["digest"] == shown
    plugin.workshop.cloud.push(PATH, "83f96b6", content="two")
    with pytest.raises(ProviderError, match=f"moved from {shorten(shown)}"):
        plugin.up(**plugin.workshop.personal)


def test_a_build_that_fails_changes_nothing(plugin: Plugin) -> None:
    before = dict(plugin.up(**plugin.workshop.personal))
    plugin.workshop.cloud.fail_build(message="no such file")
    with pytest.raises(ProviderError, match="no such file"):
        plugin.up(**plugin.workshop.personal, commit=OTHER)
    assert plugin.outputs == before
    assert plugin.workshop.phases == ["Success", "Failed"]


def test_everything_that_is_wrong_is_told_at_once_with_its_path(plugin: Plugin) -> None:
    _, failures = plugin.check(
        image="registry.cn-hangzhou.aliyuncs.com/shop/app:{commit}", commit="main", dokerfile="x"
    )
    assert {failure.property for failure in failures} == {"dokerfile", "commit"}
    _, failures = plugin.check(image=plugin.workshop.enterprise["image"])
    assert {failure.property for failure in failures} == {"image", "instance_id"}


NOT_YET: Any = Unknown  # the SDK has no types for it
UNKNOWN: list[tuple[str, dict[str, Any]]] = [
    ("the commit", {"commit": NOT_YET()}),
    ("a network of another resource", {"runner": {"region_id": "cn-hangzhou", "vpc_config": {"vpc_id": NOT_YET()}}}),
]


@pytest.mark.parametrize(("what", "unknown"), UNKNOWN, ids=[row[0] for row in UNKNOWN])
def test_what_depends_on_unknowns_is_left_unknown(plugin: Plugin, what: str, unknown: dict[str, Any]) -> None:
    inputs, failures = plugin.check(**{**plugin.workshop.personal, **unknown})
    assert not failures
    assert "tag" not in inputs
    _, failures = plugin.check(**{**plugin.workshop.personal, **unknown, "deadline": "soon"})
    assert [failure.property for failure in failures] == ["deadline"]


def test_the_state_that_pulumi_keeps_has_nothing_but_names(plugin: Plugin) -> None:
    outputs = plugin.up(**plugin.workshop.personal)
    assert plugin.workshop.cloud.access_key_secret not in repr(outputs)
    assert outputs["commit"] == COMMIT
