"""fcpin rollback: the hold is written into the stack's file, or nothing is."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import Answer
from tests.support.deployed_stack import PATH, DeployedStack

WHEN = ("--until", "2999-12-01T00:00:00Z", "--reason", "main-2 loses orders")


@pytest.fixture
def released(stack: DeployedStack) -> DeployedStack:
    """`checkout` ran main-1, and runs main-2."""
    before = f"{stack.image('main-1')}@{stack.push('main-1')}"
    stack.push("main-2")
    stack.deploy("checkout", "main-2", before=before)
    stack.write_project()
    return stack


def hold(stack: DeployedStack, name: str = "checkout") -> dict[str, Any]:
    entry = yaml.safe_load(stack.file.read_text())["config"]["fcpin:functions"][name]
    found: dict[str, Any] = entry.get("hold") or {}
    return found


def refused(stack: DeployedStack, *arguments: str) -> Answer:
    """The answer of a rollback that must not touch the file."""
    before = stack.write_project()
    answer = stack.fcpin("rollback", *arguments)
    assert answer.code in {1, 2}, answer
    assert len(answer.err.splitlines()) == 1, answer
    assert stack.file.read_text() == before
    return answer


def test_it_goes_back_to_what_ran_before(released: DeployedStack) -> None:
    before = released.file.read_text()
    answer = released.fcpin("rollback", "checkout", *WHEN)
    assert answer.code == 0, answer
    digest = released.cloud.retag(PATH, "main-1", to="main-1")
    assert hold(released) == {
        "tag": "main-1",
        "digest": digest,
        "until": "2999-12-01T00:00:00Z",
        "reason": "main-2 loses orders",
    }
    assert "checkout: main-2 => main-1: held at main-1 until 2999-12-01T00:00:00Z: main-2 loses orders" in answer.out
    assert answer.out.endswith("next: pulumi up --stack test\n")
    added = [line for line in released.file.read_text().splitlines() if line not in before.splitlines()]
    assert len(added) == 5
    assert all(f"+{line}" in answer.out for line in added)


def test_to_a_tag_holds_the_very_image_that_it_is_now(released: DeployedStack) -> None:
    digest = released.push("main-0")
    assert released.fcpin("rollback", "checkout", "--to", "main-0", *WHEN).code == 0
    assert (hold(released)["tag"], hold(released)["digest"]) == ("main-0", digest)


def test_to_a_digest_holds_whatever_tag_has_it(released: DeployedStack) -> None:
    digest = released.cloud.retag(PATH, "main-1", to="main-1")
    answer = released.fcpin("rollback", "checkout", "--to", digest, *WHEN)
    assert "main-2 => main-1" in answer.out
    assert "tag" not in hold(released)


def test_what_ran_before_by_a_tag_that_moved_is_found_by_another(released: DeployedStack) -> None:
    released.cloud.retag(PATH, "stable", to="main-1")
    released.push("main-1", "moved")
    assert "main-2 => stable" in released.fcpin("rollback", "checkout", *WHEN).out
    released.cloud.delete_tag(PATH, "stable")
    released.cloud.delete_tag(PATH, "main-1")
    assert "no tag of" in refused(released, "checkout", *WHEN).err


def test_a_function_that_follows_another_stack_is_held_like_any_other(stack: DeployedStack) -> None:
    before = f"{stack.image('main-1')}@{stack.push('main-1')}"
    followed = f"{stack.image('main-2')}@{stack.push('main-2')}"
    stack.deploy("checkout", "main-2", before=before, policy={"follow": {"stack": "dev", "image": followed}})
    stack.functions["checkout"]["policy"] = {"follow": {"stack": "dev"}}
    stack.configure()
    stack.write_project()
    assert "main-2 => main-1" in stack.fcpin("rollback", "checkout", *WHEN).out
    assert "stays on main-2" in stack.fcpin("rollback", "checkout", "--remove").out


def test_a_function_is_found_by_its_own_name_too(released: DeployedStack) -> None:
    released.functions["till"] = {**released.functions.pop("checkout"), "function_name": "checkout"}
    released.configure()
    released.write_project()
    assert released.fcpin("rollback", "checkout", "--to", "main-1", *WHEN).code == 0
    assert hold(released, "till")["tag"] == "main-1"


def test_until_may_be_how_long_from_now(released: DeployedStack) -> None:
    released.fcpin("rollback", "checkout", "--until", "7d", "--reason", "x")
    until = datetime.fromisoformat(hold(released)["until"])
    assert abs(until - datetime.now(UTC) - timedelta(days=7)) < timedelta(minutes=1)


def test_a_second_rollback_replaces_the_first_and_reports_it(released: DeployedStack) -> None:
    released.fcpin("rollback", "checkout", *WHEN)
    released.functions["checkout"]["hold"] = hold(released)
    released.configure()
    released.push("main-0")
    answer = released.fcpin("rollback", "checkout", "--to", "main-0", *WHEN)
    assert "the existing hold is replaced" in answer.out
    assert hold(released)["tag"] == "main-0"


def test_removing_the_hold_tells_what_comes_then(released: DeployedStack) -> None:
    before = released.file.read_text()
    released.fcpin("rollback", "checkout", *WHEN)
    released.functions["checkout"]["hold"] = hold(released)
    released.configure()
    released.push("main-3")
    answer = released.fcpin("rollback", "checkout", "--remove")
    assert answer.code == 0
    assert "checkout: main-2 => main-3: newest of 3" in answer.out
    assert released.file.read_text() == before


def test_removing_no_hold_changes_nothing_and_reports_it(released: DeployedStack) -> None:
    before = released.file.read_text()
    answer = released.fcpin("rollback", "checkout", "--remove")
    assert (answer.code, released.file.read_text()) == (0, before)
    assert "there is no hold to remove" in answer.out
    assert "next:" not in answer.out


def test_a_hold_can_be_removed_while_the_registry_is_down(released: DeployedStack) -> None:
    released.fcpin("rollback", "checkout", *WHEN)
    released.functions["checkout"]["hold"] = hold(released)
    released.configure()
    released.cloud.fail_next("ListRepoTag", status=403, code="NoPrivilege", message="Access denied for this user.")
    answer = released.fcpin("rollback", "checkout", "--remove")
    assert answer.code == 0
    assert "is unknown" in answer.out
    assert hold(released) == {}


MISTAKES = [
    ("an unknown function", ["till", *WHEN], "has no entry 'till'; there are checkout"),
    ("a tag that is not there", ["checkout", "--to", "main-7", *WHEN], "main-7 is no tag of"),
    ("a digest that no tag has", ["checkout", "--to", f"sha256:{'a' * 64}", *WHEN], "no tag of"),
    ("neither a tag nor a digest", ["checkout", "--to", "a b", *WHEN], "--to: expected a tag"),
    ("no until", ["checkout", "--reason", "x"], "--until: is required"),
    ("an until that is over", ["checkout", "--until", "2020-01-01T00:00:00Z", "--reason", "x"], "in the past"),
    ("an until without a zone", ["checkout", "--until", "2999-01-01T00:00:00", "--reason", "x"], "no time zone"),
    ("an until that is none", ["checkout", "--until", "tomorrow", "--reason", "x"], "--until: must be a time"),
    ("no reason", ["checkout", "--until", "7d"], "--reason: is required"),
    ("a reason that steers the terminal", ["checkout", "--until", "7d", "--reason", "\x1b[31m"], "printable"),
    ("a removal with a target", ["checkout", "--remove", "--to", "main-1"], "--remove: removes the hold"),
]


@pytest.mark.parametrize(("label", "arguments", "text"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_a_mistake_is_named_and_nothing_is_written(
    label: str, arguments: list[str], text: str, released: DeployedStack
) -> None:
    assert text in refused(released, *arguments).err


def test_nothing_ran_before(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.deploy("checkout", "main-1")
    assert "--to: is required" in refused(stack, "checkout", *WHEN).err


def test_a_suspended_pin_is_not_held(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.deploy("checkout", "main-1", policy={"newest": {}}, suspend=True)
    assert "suspend: is true" in refused(stack, "checkout", "--to", "main-1", *WHEN).err


def test_a_registry_that_cannot_be_asked_writes_nothing(released: DeployedStack) -> None:
    released.cloud.fail_next("GetRepoTag", status=403, code="NoPrivilege", message="Access denied for this user.")
    assert "NoPrivilege" in refused(released, "checkout", *WHEN).err


def test_functions_that_are_named_elsewhere_are_held_elsewhere(released: DeployedStack) -> None:
    released.functions.clear()
    released.configure()
    assert "named elsewhere" in refused(released, "checkout", *WHEN).err


def test_a_file_that_cannot_be_edited_is_reported(released: DeployedStack) -> None:
    released.file.write_text("config:\n  fcpin:functions: '{}'\n")
    answer = released.fcpin("rollback", "checkout", *WHEN)
    assert answer.code == 2
    assert "fcpin:functions is text" in answer.err


def test_the_file_keeps_its_mode_and_leaves_nothing_beside_it(released: DeployedStack) -> None:
    released.file.chmod(0o640)
    released.fcpin("rollback", "checkout", *WHEN)
    assert stat.S_IMODE(released.file.stat().st_mode) == 0o640
    assert [path.name for path in released.file.parent.iterdir()] == [released.file.name]


def test_a_link_stays_a_link(released: DeployedStack, tmp_path: Path) -> None:
    elsewhere = released.file.rename(tmp_path / "elsewhere.yaml")
    released.file.symlink_to(elsewhere)
    released.fcpin("rollback", "checkout", *WHEN)
    assert released.file.is_symlink()
    assert hold(released)["tag"] == "main-1"


def test_a_project_that_is_not_there_is_reported(released: DeployedStack) -> None:
    (released.folder / "Pulumi.yaml").unlink()
    answer = released.fcpin("rollback", "checkout", *WHEN)
    assert answer.code == 2
    assert "no Pulumi.yaml" in answer.err
