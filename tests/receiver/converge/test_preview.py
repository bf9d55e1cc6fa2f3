"""The image changes in what `preview --json` prints."""

import json
from typing import Any

import pytest

from fcpin.image import Digest
from fcpin.receiver.converge.converger import changes_in
from fcpin.receiver.errors import ConvergenceFailed
from fcpin.receiver.ledger.model import PinChange
from tests.receiver.pins import A, B

URN = "urn:pulumi:test::shop::pulumi-python:dynamic/fcpin:PinnedFunction::checkout"
OLD, NEW = {"tag": "main-1", "digest": A}, {"tag": "main-2", "digest": B}


def change(from_tag: str, from_digest: Digest | None, to_tag: str, to_digest: Digest) -> PinChange:
    return PinChange(pin="checkout", from_tag=from_tag, from_digest=from_digest, to_tag=to_tag, to_digest=to_digest)


def step(op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, urn: str = URN) -> dict[str, Any]:
    return {"op": op, "urn": urn, "oldState": {"inputs": old} if old else None, "newState": {"inputs": new}}


STEPS = [
    ("an update", [step("update", OLD, NEW)], [change("main-1", A, "main-2", B)]),
    ("a first deployment", [step("create", None, NEW)], [change("", None, "main-2", B)]),
    ("a moved tag", [step("update", OLD, {**OLD, "digest": B})], [change("main-1", A, "main-1", B)]),
    (
        "after a refresh that found no digest",
        [step("update", {**OLD, "digest": ""}, NEW)],
        [change("main-1", None, "main-2", B)],
    ),
    ("only a setting changes", [step("update", OLD, {**OLD, "deadline": 5})], []),
    ("nothing changes", [step("same", OLD, OLD)], []),
    ("something else changes", [step("update", OLD, NEW, urn=f"{URN}-other")], []),
    (
        "the steps of one replacement are one change",
        [step("create-replacement", OLD, NEW), step("replace", OLD, NEW), step("delete-replaced", OLD, OLD)],
        [change("main-1", A, "main-2", B)],
    ),
]


@pytest.mark.parametrize(("steps", "changes"), [row[1:] for row in STEPS], ids=[row[0] for row in STEPS])
def test_changes(steps: list[dict[str, Any]], changes: list[PinChange]) -> None:
    assert list(changes_in(json.dumps({"steps": steps}), {URN})) == changes


@pytest.mark.parametrize("document", ["", "[]", "{}", json.dumps({"steps": [step("update", OLD, {"tag": "main-2"})]})])
def test_what_is_no_preview(document: str) -> None:
    with pytest.raises(ConvergenceFailed, match="no preview that can be read"):
        changes_in(document, {URN})
