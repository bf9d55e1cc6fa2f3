"""Either engine converges a stack: the requested pins, exactly what was approved, and nothing twice."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fcpin import call_statistics
from fcpin.call_statistics import Call, Outcome
from fcpin.clock import SystemClock
from fcpin.image import parse_digest
from fcpin.receiver.errors import ConvergenceFailed, NotAsApproved, StackBusy
from fcpin.receiver.ledger.ledger import sqlite_ledger
from fcpin.receiver.ledger.model import JobState
from fcpin.receiver.pin_index import PinIndex
from fcpin.receiver.push_event import PushEvent, RepositoryHint
from fcpin.receiver.settings.model import StackSettings
from fcpin.receiver.work.worker import Backoff, Worker
from tests.lifecycle.stack_harness import PATH
from tests.receiver.converge.project import FUNCTIONS, Project
from tests.receiver.samples import NO_TIME
from tests.support.profile import calls_during

UPDATES = Call("fc", "UpdateFunction", Outcome.OK)


def updates() -> int:
    """UpdateFunction calls that were counted."""
    return call_statistics.calls.counts().get(UPDATES, 0)


def test_one_push_over_three_pins_is_one_deployment_and_one_read(project: Project, tmp_path: Path) -> None:
    ledger, index = sqlite_ledger(tmp_path / "ledger.sqlite"), PinIndex(["test"], project.converger.pins, {})
    worker = Worker(ledger, project.converger, index, {"test": StackSettings()}, SystemClock(), Backoff(1))

    def receive_and_work() -> None:
        """Three tags of three families of one repository, in one burst."""
        index.read_all()
        with engine_commands() as commands:
            for number, name in enumerate(FUNCTIONS):
                tag, _, digest = wanted[name].partition("@")
                event = PushEvent("ci", str(number), RepositoryHint(PATH), tag, parse_digest(digest))
                assert index.stacks(event) == ("test",)
                ledger.add_event(event, ["test"], SystemClock().now(), debounce=NO_TIME, max_wait=NO_TIME)
            commands.clear()
            worker.run("test")
        assert commands == ["up", "stack"]

    wanted, before = {name: project.push(name) for name in FUNCTIONS}, updates()
    parsed = [name for _, name in calls_during(receive_and_work)].count("Policy.from_spec")
    assert [(job.state, job.reason) for job in ledger.jobs()] == [(JobState.SUCCEEDED, "")]
    assert {name: project.shop.deployed(name) for name in FUNCTIONS} == wanted
    assert {one.pin for one in ledger.deployments()} == set(FUNCTIONS)
    assert (updates() - before, project.outputs()) == (len(FUNCTIONS), wanted)
    assert any("basket updat" in line for _, line in ledger.log_lines(ledger.jobs()[0].id))
    assert not list(project.runs.iterdir())
    assert parsed == len(FUNCTIONS), "each policy is parsed once"
    ledger.close()


_commands: list[str] | None = None


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if _commands is not None and event == "subprocess.Popen":
        words = list(arguments[1])  # type: ignore[call-overload]
        _commands.append(next(word for word in words if word in {"up", "stack", "preview", "config", "cancel"}))


sys.addaudithook(_audit)


@contextmanager
def engine_commands() -> Iterator[list[str]]:
    """The command of each process that is started meanwhile."""
    global _commands
    commands: list[str] = []
    _commands = commands
    try:
        yield commands
    finally:
        _commands = None


def test_what_was_approved_is_deployed_and_what_was_pushed_since_is_not(project: Project) -> None:
    old, shown, other = project.shop.deployed("checkout"), project.push("checkout"), project.push("search")
    project.push("basket")
    unrequested, pins = project.shop.deployed("basket"), project.pins("checkout", "search")
    changes = {change.pin: change for change in project.converger.preview("test", pins)}
    assert changes.keys() == {"checkout", "search"}
    one = changes["checkout"]
    assert (f"{one.from_tag}@{one.from_digest}", f"{one.to_tag}@{one.to_digest}") == (old, shown)
    project.push("checkout")
    with pytest.raises(NotAsApproved, match="checkout"):
        project.converger.up("test", pins, project.printed.append, approved=changes)
    assert project.shop.deployed("checkout") == old
    assert project.shop.deployed("search") == other, "what is as approved is deployed"
    assert project.shop.deployed("basket") == unrequested


def test_a_lock_of_another_process_is_left_alone_and_that_of_a_killed_receiver_is_removed(project: Project) -> None:
    """The last run fails: its reason is the line of the cloud."""
    pins, _, other = project.pins("search"), project.push("search"), project.begin_by_hand()
    with pytest.raises(StackBusy, match=rf"locked by.*pid {other.pid}"):
        project.converger.up("test", pins, project.printed.append)
    assert project.locks() == [other.pid]
    project.recorded_as_run(other.pid)
    successor = project.restarted()
    with pytest.raises(StackBusy, match=str(other.pid)):
        successor.up("test", pins, project.printed.append)
    other.kill()
    other.wait()
    assert project.locks() == [other.pid]
    project.shop.cloud.fail_next("UpdateFunction", status=403, code="AccessDenied", message="not for you")
    with pytest.raises(ConvergenceFailed, match="UpdateFunction: AccessDenied: not for you") as caught:
        successor.up("test", pins, project.printed.append)
    assert len(str(caught.value).splitlines()) == 1
    assert not isinstance(caught.value, StackBusy | NotAsApproved)
    assert project.locks() == []
