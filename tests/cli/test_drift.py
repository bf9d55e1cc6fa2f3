"""fcpin drift: one row a function, and an exit status for the worst. The kinds are those of tests/drift."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fcpin.drift import Kind
from tests.support.deployed_stack import FAMILY, PATH, DeployedStack
from tests.support.instant import INSTANT

HELD = {"tag": "main-1", "until": "2999-01-01T00:00:00Z"}


@pytest.fixture
def stack(stack: DeployedStack) -> DeployedStack:
    """`checkout` runs main-1."""
    stack.push("main-1")
    stack.deploy("checkout", "main-1")
    return stack


def nothing(_: DeployedStack) -> None:
    pass


def a_newer_tag(stack: DeployedStack) -> None:
    stack.push("main-2")


def another_policy(**spec: Any) -> Callable[[DeployedStack], None]:
    """Deployed with *spec*, and a newer tag."""

    def happens(stack: DeployedStack) -> None:
        stack.resources.clear()
        stack.client.delete("checkout")
        stack.deploy("checkout", "main-1", **{**FAMILY, **spec})
        a_newer_tag(stack)

    return happens


def a_bypassed_age(stack: DeployedStack) -> None:
    another_policy(min_age="1h")(stack)
    stack.configure(minAgeBypass="true")


def a_moved_tag_of_a_locked_function(stack: DeployedStack) -> None:
    stack.cloud.lock("checkout", by="ops")
    stack.push("main-1", "moved")


ROWS: list[tuple[str, Callable[[DeployedStack], Any], int, str, str]] = [
    # label, what happens after the deployment, exit status, kind, a pattern of what is printed
    ("nothing", nothing, 0, "ok", r"checkout +main-1@\w{12} +main-1@\w{12} +ok"),
    ("a newer tag", a_newer_tag, 10, "newer-tag", "main-2: newest of 2 of 2 tags by push time"),
    ("a moved tag", lambda stack: stack.push("main-1", "moved"), 20, "moved-tag", r"new instances cannot start, for \d+s by now"),
    ("a lock", lambda stack: stack.cloud.lock("checkout", by="ops"), 20, "function-locked", r"locked by ops since \S+Z \(function\): it can be neither"),
    ("a lock of versions alone", lambda stack: stack.cloud.lock("checkout", by="ops", resources=["version"]), 0, "ok", r"locked by ops since \S+Z \(version\)"),
    ("worse than a lock", a_moved_tag_of_a_locked_function, 20, "moved-tag", "locked by ops since "),
    ("disabled", lambda stack: stack.cloud.restrict("checkout", reason="overdue payment"), 20, "function-disabled", "it cannot be invoked, .*: overdue payment"),
    ("a disabled key", lambda stack: stack.cloud.set_key_active(False), 30, "unknown", "Inactive"),
    ("held", another_policy(hold=HELD), 0, "ok", "held at main-1"),
    ("held at a tag that does not exist", another_policy(hold={**HELD, "tag": "main-7"}), 30, "unknown", "held"),
    ("a hold that is over", another_policy(hold={**HELD, "until": "2020-01-01T00:00:00Z"}), 10, "newer-tag", ""),
    ("suspended", another_policy(suspend=True), 0, "ok", "suspended"),
    ("a young tag", another_policy(min_age="1h"), 0, "ok", ""),
    ("a bypassed age", a_bypassed_age, 10, "newer-tag", ""),
    ("a policy that selects nothing", another_policy(allow_tags=["none"]), 30, "unknown", ""),
    ("a policy that is not valid", another_policy(on_empty="perhaps"), 30, "unknown", "on_empty"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("happens", "code", "kind", "shown"), [row[1:] for row in ROWS], ids=[label for label, *_ in ROWS]
)
def test_what_happened_has_its_row_and_its_exit_status(
    happens: Callable[[DeployedStack], Any], code: int, kind: str, shown: str, stack: DeployedStack
) -> None:
    happens(stack)
    table, answer = stack.fcpin("drift"), stack.fcpin("drift", "--json")
    assert (table.code, answer.code) == (code, code)
    (row,) = answer.json["functions"]
    assert (row["name"], row["drift"]) == ("checkout", kind)
    assert re.search(rf"\b{kind}\b", table.out)
    assert re.search(shown, table.out), table.out
    assert stack.cloud.access_key_secret not in table.out + table.err + answer.out


def update(stack: DeployedStack) -> None:
    stack.client.update("checkout", {"customContainerConfig": {"image": stack.image("main-1")}})


def failed(stack: DeployedStack) -> None:
    stack.cloud.fail_update("checkout")
    update(stack)
    stack.cloud.advance(60)


def by_hand(stack: DeployedStack) -> None:
    stack.cloud.set_image("checkout", stack.image("other-1"))
    stack.cloud.advance(60)


HAPPENS: dict[Kind, Callable[[DeployedStack], object]] = {
    Kind.FUNCTION_MISSING: lambda stack: stack.client.delete("checkout"),
    Kind.FUNCTION_DISABLED: lambda stack: stack.cloud.restrict("checkout", reason="overdue payment"),
    Kind.DELETED_DIGEST: lambda stack: stack.cloud.delete_manifest(PATH, "main-1"),
    Kind.DELETED_TAG: lambda stack: stack.cloud.delete_tag(PATH, "main-1"),
    Kind.MOVED_TAG: lambda stack: stack.push("main-1", "moved"),
    Kind.UPDATE_FAILED: failed,
    Kind.OUT_OF_BAND_IMAGE: by_hand,
    Kind.FUNCTION_LOCKED: lambda stack: stack.cloud.lock("checkout", by="ops"),
    Kind.UNKNOWN: lambda stack: stack.cloud.fail_next("GetFunction", status=403, code="AccessDenied"),
    Kind.UPDATE_IN_PROGRESS: update,
    Kind.FUNCTION_INACTIVE: lambda stack: stack.cloud.deactivate("checkout"),
    Kind.NEWER_TAG: lambda stack: stack.push("main-2"),
    Kind.OK: lambda _: None,
}
"""What happens to the deployed function, by the emulator or by another client."""


@pytest.mark.parametrize("knobs", [replace(INSTANT, update_seconds=60)], ids=["updates take a minute"])
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_found_in_the_cloud_with_its_exit_status(kind: Kind, stack: DeployedStack) -> None:
    stack.push("other-1")
    HAPPENS[kind](stack)
    answer = stack.fcpin("drift", "--json")
    assert [row["drift"] for row in answer.json["functions"]] == [kind]
    assert answer.code == kind.exit_code


def test_the_worst_decides_and_nothing_hides_another(stack: DeployedStack) -> None:
    stack.push("other-1")
    stack.deploy("basket", "other-1", policy={"family": {"name": "other"}})
    a_newer_tag(stack)
    stack.push("other-1", "moved")
    answer = stack.fcpin("drift", "--json")
    assert answer.code == 20
    rows = {row["name"]: row for row in answer.json["functions"]}
    assert {name: row["drift"] for name, row in rows.items()} == {"basket": "moved-tag", "checkout": "newer-tag"}
    assert 0 <= rows["basket"]["exposed_seconds"] < 60
    stack.cloud.fail_next("GetFunction", status=403, code="AccessDenied", message="not authorized to fc:GetFunction")
    table = stack.fcpin("drift")
    assert table.code == 30
    assert table.out.split("\n", 1)[0].split() == ["FUNCTION", "PINNED", "LIVE", "DRIFT", "WHY"]
    assert "AccessDenied" in table.out
    assert len(re.findall("moved-tag|newer-tag", table.out)) == 1


def test_one_listing_a_repository_and_one_read_a_function(stack: DeployedStack) -> None:
    for name in ("a", "b", "c"):
        stack.deploy(name, "main-1")
    stack.cloud.calls.clear()
    assert stack.fcpin("drift").code == 0
    expected = {"ListRepoTag": 1, "GetRepository": 1, "GetFunction": 4, "GetRepoTag": 4}
    assert {name: stack.cloud.calls.count(name) for name in expected} == expected


def test_a_repository_whose_tags_can_be_moved_is_noted(stack: DeployedStack) -> None:
    assert f"note: {stack.repository}: TagImmutability is off" in stack.fcpin("drift").out
    stack.cloud.set_tag_immutability(PATH)
    answer = stack.fcpin("drift")
    assert answer.code == 0
    assert "TagImmutability" not in answer.out


def test_a_stack_that_cannot_be_read_is_no_stack_without_drift(stack: DeployedStack) -> None:
    answer = stack.fcpin("drift", stack="nope")
    assert (answer.code, answer.out) == (30, "")
    assert answer.err == "fcpin drift: stack nope (pulumi): no stack named 'nope' found\n"
    stack.configure(endpoints='{"fcc": "https://example.com"}')
    answer = stack.fcpin("drift")
    assert answer.code == 2
    assert "fcpin:endpoints.fcc: unknown key" in answer.err
    stack.resources.clear()
    stack.configure()
    answer = stack.fcpin("drift")
    assert (answer.code, answer.out) == (0, "the stack test has no pinned functions\n")
