"""fcpin rollback: the hold is written into the stack's file, or nothing is."""

import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import Answer
from tests.support.deployed_stack import PATH, DeployedStack

UNTIL = ("--until", "2999-12-01T00:00:00Z")
WHEN = (*UNTIL, "--reason", "main-2 loses orders")


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
    before = stack.file.read_text()
    answer = stack.fcpin("rollback", *arguments)
    assert answer.code in {1, 2}, answer
    assert len(answer.err.splitlines()) == 1, answer
    assert stack.file.read_text() == before
    return answer


def test_it_goes_back_to_what_ran_before_and_a_removal_goes_forward(released: DeployedStack) -> None:
    before, digest = released.file.read_text(), released.cloud.tags(PATH)["main-1"]
    released.file.chmod(0o640)
    answer = released.fcpin("rollback", "checkout", *WHEN)
    assert answer.code == 0, answer
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
    assert stat.S_IMODE(released.file.stat().st_mode) == 0o640
    assert [path.name for path in released.file.parent.iterdir()] == [released.file.name]

    released.reload()
    released.push("main-0")
    answer = released.fcpin("rollback", "checkout", "--to", "main-0", *WHEN)
    assert "the existing hold is replaced" in answer.out
    assert hold(released)["tag"] == "main-0"
    held = released.file.read_text()
    for registry, line in (("up", "checkout: main-2 => main-3: newest of 4"), ("down", "is unknown")):
        released.file.write_text(held)
        released.reload()
        released.push("main-3")
        if registry == "down":
            released.cloud.fail_next("ListRepoTag", status=403, code="NoPrivilege", message="Access denied")
        answer = released.fcpin("rollback", "checkout", "--remove")
        assert answer.code == 0
        assert line in answer.out
        assert released.file.read_text() == before


def test_to_a_tag_or_a_digest_or_for_how_long(released: DeployedStack) -> None:
    earlier, digest = released.push("main-0"), released.cloud.tags(PATH)["main-1"]
    assert "main-2 => main-0" in released.fcpin("rollback", "checkout", "--to", "main-0", *WHEN).out
    assert (hold(released)["tag"], hold(released)["digest"]) == ("main-0", earlier)
    assert "main-2 => main-1" in released.fcpin("rollback", "checkout", "--to", digest, *WHEN).out
    assert "tag" not in hold(released)
    released.fcpin("rollback", "checkout", "--until", "7d", "--reason", "x")
    until = datetime.fromisoformat(hold(released)["until"])
    assert abs(until - datetime.now(UTC) - timedelta(days=7)) < timedelta(minutes=1)


def test_a_previous_image_whose_tag_moved_is_found_by_another(released: DeployedStack) -> None:
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


def test_a_function_is_found_by_its_own_name_and_a_link_stays_a_link(released: DeployedStack, tmp_path: Path) -> None:
    released.functions["till"] = {**released.functions.pop("checkout"), "function_name": "checkout"}
    released.configure()
    released.write_project()
    elsewhere = released.file.rename(tmp_path / "elsewhere.yaml")
    released.file.symlink_to(elsewhere)
    assert released.fcpin("rollback", "checkout", "--to", "main-1", *WHEN).code == 0
    assert released.file.is_symlink()
    assert hold(released, "till")["tag"] == "main-1"


def test_a_removal_without_a_hold_changes_nothing(released: DeployedStack) -> None:
    before = released.file.read_text()
    answer = released.fcpin("rollback", "checkout", "--remove")
    assert (answer.code, released.file.read_text()) == (0, before)
    assert "there is no hold to remove" in answer.out
    assert "next:" not in answer.out


def nothing(_: DeployedStack) -> None:
    pass


def suspended(stack: DeployedStack) -> None:
    stack.functions["checkout"]["suspend"] = True
    stack.configure()


def never_deployed(stack: DeployedStack) -> None:
    stack.resources.clear()
    stack.configure()


def named_elsewhere(stack: DeployedStack) -> None:
    stack.functions.clear()
    stack.configure()


def denied(stack: DeployedStack) -> None:
    stack.cloud.fail_next("GetRepoTag", status=403, code="NoPrivilege", message="Access denied for this user.")


def functions_as_text(stack: DeployedStack) -> None:
    stack.file.write_text("config:\n  fcpin:functions: '{}'\n")


def no_project(stack: DeployedStack) -> None:
    (stack.folder / "Pulumi.yaml").unlink()


REFUSED: list[tuple[str, Callable[[DeployedStack], None], list[str], str]] = [
    # label, what happened before, arguments, a part of the line
    ("an unknown function", nothing, ["till", *WHEN], "has no entry 'till'; there are checkout"),
    ("a tag that is not there", nothing, ["checkout", "--to", "main-7", *WHEN], "main-7 is no tag of"),
    ("a digest that no tag has", nothing, ["checkout", "--to", f"sha256:{'a' * 64}", *WHEN], "no tag of"),
    ("neither a tag nor a digest", nothing, ["checkout", "--to", "a b", *WHEN], "--to: expected a tag"),
    ("no until", nothing, ["checkout", "--reason", "x"], "--until: is required"),
    ("an until in the past", nothing, ["checkout", "--until", "2020-01-01T00:00:00Z", "--reason", "x"], "in the past"),
    ("an until without a zone", nothing, ["checkout", "--until", "2999-01-01T00:00:00", "--reason", "x"], "no time zone"),
    ("an until that is not a time", nothing, ["checkout", "--until", "tomorrow", "--reason", "x"], "--until: must be a time"),
    ("no reason", nothing, ["checkout", *UNTIL], "--reason: is required"),
    ("a reason that steers the terminal", nothing, ["checkout", *UNTIL, "--reason", "\x1b[31m"], "printable"),
    ("a removal with a target", nothing, ["checkout", "--remove", "--to", "main-1"], "--remove: removes the hold"),
    ("no previous image", never_deployed, ["checkout", *WHEN], "--to: is required"),
    ("a suspended pin", suspended, ["checkout", *WHEN], "suspend: is true"),
    ("a denied registry", denied, ["checkout", *WHEN], "NoPrivilege"),
    ("functions that the program names", named_elsewhere, ["checkout", *WHEN], "named elsewhere"),
    ("a file that cannot be edited", functions_as_text, ["checkout", *WHEN], "fcpin:functions is text"),
    ("no project", no_project, ["checkout", *WHEN], "no Pulumi.yaml"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("happens", "arguments", "text"), [row[1:] for row in REFUSED], ids=[label for label, *_ in REFUSED]
)
def test_a_mistake_is_named_and_nothing_is_written(
    happens: Callable[[DeployedStack], None], arguments: list[str], text: str, released: DeployedStack
) -> None:
    happens(released)
    assert text in refused(released, *arguments).err
