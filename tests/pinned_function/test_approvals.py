"""Approvals: exactly the approved image is deployed, and what was rejected is written next to the approvals."""

import json
from pathlib import Path

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.errors import InvalidSettings, NotApproved
from fcpin.image import Digest, ImageChange, Pin, parse_digest
from fcpin.pinned_function.approvals import Approvals, rejected, write
from fcpin.pinned_function.properties import Current
from tests.support.plugin import Plugin

A, B, C = (parse_digest(f"sha256:{letter * 64}") for letter in "abc")
OWNER = "organization/shop/test::checkout"

CHANGES = [
    # label, deployed, chosen, may it happen
    ("what was approved is deployed", A, B, True),
    ("what was pushed after the approval is not", A, C, False),
    ("a pin that does not change needs no approval", C, C, True),
    ("what is deployed changed after the approval", C, B, False),
    ("a refresh found no digest to compare with", None, B, True),
    ("nor does that let anything else through", None, C, False),
]


def change(before: Digest | None, after: Digest) -> ImageChange:
    return ImageChange(from_digest=before, to_tag="main-2", to_digest=after)


def approvals(folder: Path, **pins: ImageChange) -> tuple[Approvals, Path]:
    file = folder / "approved.json"
    write(file, pins)
    found = Approvals.from_environment({"FCPIN_APPROVED": str(file)})
    assert found is not None
    return found, file


@pytest.mark.parametrize(("before", "chosen", "fine"), [row[1:] for row in CHANGES], ids=[r[0] for r in CHANGES])
def test_one_change_is_approved(tmp_path: Path, before: Digest | None, chosen: Digest, fine: bool) -> None:
    approved, file = approvals(tmp_path, checkout=change(A, B))
    current, pin = Current("main-1", before), Pin("main-2", chosen)
    if fine:
        approved.require(OWNER, current, pin)
    else:
        with pytest.raises(NotApproved) as caught:
            approved.require(OWNER, current, pin)
        assert caught.value.problems[0].path == "digest"
    assert rejected(file) == (frozenset() if fine else {"checkout"})


def test_a_first_deployment_may_be_approved(tmp_path: Path) -> None:
    approved, _ = approvals(tmp_path, checkout=change(None, B))
    approved.require(OWNER, None, Pin("main-2", B))
    with pytest.raises(NotApproved, match="it was not approved"):
        approved.require("organization/shop/test::basket", None, Pin("main-2", B))


def test_all_that_was_rejected_is_written_for_this_user_alone(tmp_path: Path) -> None:
    approved, file = approvals(tmp_path, checkout=change(A, B))
    for owner in (OWNER, "organization/shop/test::basket"):
        with pytest.raises(NotApproved):
            approved.require(owner, Current("main-1", A), Pin("main-3", C))
    written = file.with_name("approved.json.rejected")
    assert json.loads(written.read_text())["basket"] == {"from_digest": A, "to_digest": C}
    assert rejected(file) == {"basket", "checkout"}
    assert {one.stat().st_mode & 0o077 for one in (file, written)} == {0}


@pytest.mark.parametrize("text", [None, "{", "[]", '{"checkout": {"to_digest": "latest", "from_digest": null}}'])
def test_without_readable_approvals_nothing_is_deployed(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "approved.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InvalidSettings, match="FCPIN_APPROVED"):
        Approvals.from_environment({"FCPIN_APPROVED": str(file)})


def test_without_the_variable_nothing_has_to_be_approved() -> None:
    assert Approvals.from_environment({}) is None


def test_the_provider_refuses_a_push_after_the_approval(tmp_path: Path) -> None:
    with Emulator(knobs=Knobs(create_seconds=0, update_seconds=0)).serve() as cloud:
        plugin = Plugin(cloud)
        shown = parse_digest(cloud.push("shop/app", "main-1", content="1"))
        spec = {"repository": f"{cloud.enterprise_host}/shop/app", "policy": {"family": {"name": "main"}}}
        wanted = {**spec, "config": {"cpu": 0.5, "memory_size": 512, "disk_size": 512}}
        plugin.approvals, file = approvals(tmp_path, checkout=change(None, shown))
        assert plugin.up(**wanted)["digest"] == shown
        assert plugin.up(**wanted)["digest"] == shown
        cloud.push("shop/app", "main-2", content="2")
        with pytest.raises(AssertionError, match="approve that"):
            plugin.preview(**wanted)
        assert rejected(file) == {"checkout"}
