"""fcpin drift: one row a function, an exit code for the worst, and nothing hidden by what cannot be stack."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fcpin.drift import Kind
from tests.support.deployed_stack import PATH, DeployedStack
from tests.support.instant import INSTANT


def kinds(stack: DeployedStack) -> dict[str, str]:
    return {row["name"]: row["drift"] for row in stack.fcpin("drift", "--json").json["functions"]}


def test_a_stack_as_it_was_deployed(stack: DeployedStack) -> None:
    digest = stack.push("main-1")
    stack.deploy("checkout", "main-1")
    answer = stack.fcpin("drift")
    assert answer.code == 0
    pinned = f"main-1@{digest.removeprefix('sha256:')[:12]}"
    assert [line.split() for line in answer.out.splitlines()[:2]] == [
        ["FUNCTION", "PINNED", "LIVE", "DRIFT", "WHY"],
        ["checkout", pinned, pinned, "ok"],
    ]


def test_each_function_has_its_row_and_the_worst_decides(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.push("other-1")
    stack.deploy("checkout", "main-1")
    stack.deploy("basket", "other-1", policy={"family": {"name": "other"}})
    stack.push("main-2")
    assert kinds(stack) == {"basket": "ok", "checkout": "newer-tag"}
    assert stack.fcpin("drift").code == 10
    stack.push("other-1", "moved")
    assert kinds(stack) == {"basket": "moved-tag", "checkout": "newer-tag"}
    assert stack.fcpin("drift").code == 20
    stack.cloud.fail_next("GetFunction", status=403, code="AccessDenied", message="not authorized to fc:GetFunction")
    answer = stack.fcpin("drift")
    assert answer.code == 30
    assert "AccessDenied" in answer.out
    assert len(re.findall("moved-tag|newer-tag", answer.out)) == 1


def test_a_newer_tag_is_reported_as_the_policy_found_it(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.deploy("checkout", "main-1")
    stack.push("main-2")
    (row,) = stack.fcpin("drift", "--json").json["functions"]
    assert row["why"] == "main-2: newest of 2 of 2 tags by push time"


def test_the_seconds_since_a_tag_moved_are_reported(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.deploy("checkout", "main-1")
    stack.push("main-1", "moved")
    (row,) = stack.fcpin("drift", "--json").json["functions"]
    assert 0 <= row["exposed_seconds"] < 60
    assert re.search(r"new instances cannot start, for \d+s by now", stack.fcpin("drift").out)


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
    stack.push("main-1")
    stack.deploy("checkout", "main-1")
    HAPPENS[kind](stack)
    answer = stack.fcpin("drift", "--json")
    assert [row["drift"] for row in answer.json["functions"]] == [kind]
    assert answer.code == kind.exit_code


def test_a_function_that_is_gone(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.deploy("checkout", "main-1")
    stack.client.delete("checkout")
    answer = stack.fcpin("drift", "--json")
    assert answer.code == 20
    (row,) = answer.json["functions"]
    assert (row["drift"], row["live"], row["state"]) == ("function-missing", None, None)


SPECS = [
    (
        "a held pin has no newer tag",
        {"hold": {"tag": "main-1", "until": "2999-01-01T00:00:00Z"}},
        "ok",
        "held at main-1",
    ),
    ("a suspended pin is not looked for", {"suspend": True}, "ok", "suspended"),
    ("a young tag is not newer yet", {"min_age": "1h"}, "ok", ""),
    (
        "a hold that is over holds nothing",
        {"hold": {"tag": "main-1", "until": "2020-01-01T00:00:00Z"}},
        "newer-tag",
        "",
    ),
    ("a hold at what is not there", {"hold": {"tag": "main-7", "until": "2999-01-01T00:00:00Z"}}, "unknown", "held"),
    ("a policy that selects nothing", {"allow_tags": ["none"]}, "unknown", ""),
    ("a policy that is none", {"on_empty": "perhaps"}, "unknown", ""),
]


@pytest.mark.parametrize(("label", "spec", "kind", "note"), SPECS, ids=[row[0] for row in SPECS])
def test_what_the_policy_says_counts(
    label: str, spec: dict[str, Any], kind: str, note: str, stack: DeployedStack
) -> None:
    stack.push("main-1")
    stack.deploy("checkout", "main-1", policy={"family": {"name": "main"}}, **spec)
    stack.push("main-2")
    (row,) = stack.fcpin("drift", "--json").json["functions"]
    assert row["drift"] == kind
    assert note in row["note"]


def test_min_age_may_be_bypassed_as_in_a_preview(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.deploy("checkout", "main-1", policy={"family": {"name": "main"}}, min_age="1h")
    stack.push("main-2")
    stack.configure(minAgeBypass="true")
    assert kinds(stack) == {"checkout": "newer-tag"}


def test_one_listing_a_repository_and_one_read_a_function(stack: DeployedStack) -> None:
    stack.push("main-1")
    for name in ("a", "b", "c", "d"):
        stack.deploy(name, "main-1")
    stack.cloud.calls.clear()
    assert stack.fcpin("drift").code == 0
    calls = stack.cloud.calls
    assert {name: calls.count(name) for name in ("ListRepoTag", "GetRepository", "GetFunction", "GetRepoTag")} == {
        "ListRepoTag": 1,
        "GetRepository": 1,
        "GetFunction": 4,
        "GetRepoTag": 4,
    }


def test_a_repository_whose_tags_can_be_moved_is_noted(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.deploy("checkout", "main-1")
    assert f"note: {stack.repository}: TagImmutability is off" in stack.fcpin("drift").out
    stack.cloud.set_tag_immutability(PATH)
    answer = stack.fcpin("drift")
    assert answer.code == 0
    assert "TagImmutability" not in answer.out


def test_a_stack_that_cannot_be_read_is_no_stack_without_drift(stack: DeployedStack) -> None:
    answer = stack.fcpin("drift", stack="nope")
    assert (answer.code, answer.out) == (30, "")
    assert answer.err == "fcpin drift: stack nope (pulumi): no stack named 'nope' found\n"


def test_a_stack_without_pins_is_reported(stack: DeployedStack) -> None:
    answer = stack.fcpin("drift")
    assert (answer.code, answer.out) == (0, "the stack test has no pinned functions\n")


def test_settings_that_the_provider_would_refuse_are_refused(stack: DeployedStack) -> None:
    stack.configure(endpoints='{"fcc": "https://example.com"}')
    answer = stack.fcpin("drift")
    assert answer.code == 2
    assert "fcpin:endpoints.fcc: unknown key" in answer.err


def test_no_secret_is_shown(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.deploy("checkout", "main-1")
    stack.cloud.set_key_active(False)
    answer = stack.fcpin("drift")
    assert answer.code == 30
    assert stack.cloud.access_key_secret not in answer.out + answer.err


def test_a_lock_is_shown_with_who_and_what(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.deploy("checkout", "main-1")
    stack.cloud.lock("checkout", by="ops")
    answer = stack.fcpin("drift")
    assert answer.code == 20
    assert re.search(r"function-locked +locked by ops since \S+Z \(function\): it can be neither", answer.out)
    stack.push("main-1", "moved")
    (row,) = stack.fcpin("drift", "--json").json["functions"]
    assert row["drift"] == "moved-tag"
    assert row["note"].startswith("locked by ops since ")


def test_a_lock_of_versions_alone_is_a_note(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.deploy("checkout", "main-1")
    stack.cloud.lock("checkout", by="ops", resources=["version"])
    answer = stack.fcpin("drift")
    assert answer.code == 0
    assert re.search(r"locked by ops since \S+Z \(version\)", answer.out)


def test_a_disabled_function_is_shown_with_the_reason(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.deploy("checkout", "main-1")
    stack.cloud.restrict("checkout", reason="overdue payment")
    answer = stack.fcpin("drift")
    assert answer.code == 20
    assert re.search(r"function-disabled +it cannot be invoked, .*: overdue payment", answer.out)
