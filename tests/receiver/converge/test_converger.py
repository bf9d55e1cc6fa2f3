"""A stack is converged by either engine: the pins that are asked for, exactly what was approved, and nothing twice."""

import json
import signal
import time

import pytest

from fcpin import call_statistics
from fcpin.call_statistics import Call, Outcome
from fcpin.receiver.converge.run import ProcessId
from fcpin.receiver.errors import ConvergenceFailed, NotAsApproved, StackBusy
from tests.receiver.converge.project import Project

UPDATES = Call("fc", "UpdateFunction", Outcome.OK)


def updates() -> int:
    """UpdateFunction calls that this process knows of."""
    return call_statistics.calls.counts().get(UPDATES, 0)


def test_only_the_pins_that_are_asked_for_are_deployed(project: Project) -> None:
    basket, other = project.push("basket"), project.shop.deployed("search")
    project.push("search")
    before = updates()
    project.up("basket")
    assert project.shop.deployed("basket") == basket
    assert project.shop.deployed("search") == other
    assert project.outputs()["basket"] == basket
    assert project.outputs()["search"] == other
    assert any("basket updat" in line for line in project.said)
    project.up("basket")
    assert updates() == before + 1, "a second convergence finds nothing to do"
    assert not list(project.runs.iterdir())


def test_what_was_approved_is_deployed_and_what_was_pushed_since_is_not(project: Project) -> None:
    old, shown, other = project.shop.deployed("checkout"), project.push("checkout"), project.push("search")
    changes = {change.pin: change for change in project.converger.preview("test", ["checkout", "search", "basket"])}
    assert changes.keys() >= {"checkout", "search"}
    one = changes["checkout"]
    assert (f"{one.from_tag}@{one.from_digest}", f"{one.to_tag}@{one.to_digest}") == (old, shown)
    project.push("checkout")
    with pytest.raises(NotAsApproved, match="checkout"):
        project.converger.up("test", ["checkout", "search"], project.said.append, approved=changes)
    assert project.shop.deployed("checkout") == old
    assert project.shop.deployed("search") == other, "what is as approved is gone on with"


def test_a_failure_is_told_in_the_words_of_the_cloud(project: Project) -> None:
    project.push("basket")
    project.shop.cloud.fail_next("UpdateFunction", status=403, code="AccessDenied", message="not for you")
    with pytest.raises(ConvergenceFailed, match="UpdateFunction: AccessDenied: not for you") as caught:
        project.up("basket")
    assert len(str(caught.value).splitlines()) == 1
    assert not isinstance(caught.value, StackBusy | NotAsApproved)


def test_a_pin_that_the_stack_does_not_have(project: Project) -> None:
    with pytest.raises(ConvergenceFailed, match="nobody"):
        project.up("nobody")
    assert project.converger.preview("test", []) == ()


def test_a_run_that_a_killed_receiver_left_is_waited_for_and_its_lock_removed(project: Project) -> None:
    pushed = project.push("search")
    left = project.begin_by_hand()
    folder = project.runs / "test"
    folder.mkdir(parents=True)
    process = ProcessId.of(left.pid)
    (folder / "process.json").write_text(json.dumps([process.pid, process.started]))
    while not project.locks():
        time.sleep(0.01)
    successor = project.restarted()
    with pytest.raises(StackBusy, match=str(left.pid)):
        successor.up("test", ["search"], project.said.append)
    left.kill()
    left.wait()
    assert project.locks() == [left.pid]
    successor.up("test", ["search"], project.said.append)
    assert project.shop.deployed("search") == pushed
    assert project.locks() == []


def test_a_lock_of_somebody_else_is_left_alone(project: Project) -> None:
    stranger = project.begin_by_hand()
    while not project.locks():
        time.sleep(0.01)
    stranger.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(StackBusy, match=rf"locked by.*pid {stranger.pid}"):
            project.up("search")
    finally:
        assert project.locks() == [stranger.pid]
        stranger.kill()
        stranger.wait()
        project.shop.stack.run("cancel", "--yes")
