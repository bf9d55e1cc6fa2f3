"""Either engine converges a stack: the requested pins, exactly what was approved, and nothing twice."""

import json
import signal
import time
from dataclasses import replace

import pytest

from fcpin import call_statistics
from fcpin.call_statistics import Call, Outcome
from fcpin.receiver.converge.engine_run import ProcessId
from fcpin.receiver.errors import ConvergenceFailed, NotAsApproved, StackBusy
from tests.receiver.converge.project import Project

UPDATES = Call("fc", "UpdateFunction", Outcome.OK)


def updates() -> int:
    """UpdateFunction calls that were counted."""
    return call_statistics.calls.counts().get(UPDATES, 0)


def test_only_the_requested_pins_are_deployed(project: Project) -> None:
    basket, other = project.push("basket"), project.shop.deployed("search")
    project.push("search")
    before = updates()
    project.up("basket")
    assert project.shop.deployed("basket") == basket
    assert project.shop.deployed("search") == other
    assert project.outputs()["basket"] == basket
    assert project.outputs()["search"] == other
    assert any("basket updat" in line for line in project.printed)
    project.up("basket")
    assert updates() == before + 1, "a second convergence finds nothing to do"
    assert not list(project.runs.iterdir())


def test_what_was_approved_is_deployed_and_what_was_pushed_since_is_not(project: Project) -> None:
    old, shown, other = project.shop.deployed("checkout"), project.push("checkout"), project.push("search")
    pins = project.pins("checkout", "search", "basket")
    changes = {change.pin: change for change in project.converger.preview("test", pins)}
    assert changes.keys() >= {"checkout", "search"}
    one = changes["checkout"]
    assert (f"{one.from_tag}@{one.from_digest}", f"{one.to_tag}@{one.to_digest}") == (old, shown)
    project.push("checkout")
    with pytest.raises(NotAsApproved, match="checkout"):
        project.converger.up("test", pins[1:], project.printed.append, approved=changes)
    assert project.shop.deployed("checkout") == old
    assert project.shop.deployed("search") == other, "what is as approved is deployed"


def test_a_failure_has_the_message_of_the_cloud(project: Project) -> None:
    project.push("basket")
    project.shop.cloud.fail_next("UpdateFunction", status=403, code="AccessDenied", message="not for you")
    with pytest.raises(ConvergenceFailed, match="UpdateFunction: AccessDenied: not for you") as caught:
        project.up("basket")
    assert len(str(caught.value).splitlines()) == 1
    assert not isinstance(caught.value, StackBusy | NotAsApproved)


def test_a_pin_that_the_stack_no_longer_has(project: Project) -> None:
    (pin,) = project.pins("basket")
    with pytest.raises(ConvergenceFailed):
        project.converger.up("test", [replace(pin, urn=f"{pin.urn}-gone")], project.printed.append)
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
        successor.up("test", project.pins("search"), project.printed.append)
    left.kill()
    left.wait()
    assert project.locks() == [left.pid]
    successor.up("test", project.pins("search"), project.printed.append)
    assert project.shop.deployed("search") == pushed
    assert project.locks() == []


def test_a_lock_of_another_process_is_left_alone(project: Project) -> None:
    other = project.begin_by_hand()
    while not project.locks():
        time.sleep(0.01)
    other.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(StackBusy, match=rf"locked by.*pid {other.pid}"):
            project.up("search")
    finally:
        assert project.locks() == [other.pid]
        other.kill()
        other.wait()
        project.shop.stack.run("cancel", "--yes")
