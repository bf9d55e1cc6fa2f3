"""Either engine converges a stack: the requested pins, exactly what was approved, and nothing twice."""

import json
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest

from fcpin import call_statistics
from fcpin.call_statistics import Call, Outcome
from fcpin.clock import SystemClock
from fcpin.image import parse_digest
from fcpin.receiver.converge.engine_run import ProcessId
from fcpin.receiver.errors import ConvergenceFailed, NotAsApproved, StackBusy
from fcpin.receiver.ledger.ledger import sqlite_ledger
from fcpin.receiver.ledger.model import JobState
from fcpin.receiver.pin_index import PinIndex
from fcpin.receiver.push_event import PushEvent, RepositoryHint
from fcpin.receiver.settings.model import StackSettings
from fcpin.receiver.work.worker import Backoff, Worker
from tests.receiver.converge.project import FUNCTIONS, Project
from tests.receiver.samples import NO_TIME

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
                repository = RepositoryHint(project.pins(name)[0].repository.path)
                event = PushEvent("ci", str(number), repository, tag, parse_digest(digest))
                assert index.stacks(event) == ("test",)
                ledger.add_event(event, ["test"], SystemClock().now(), debounce=NO_TIME, max_wait=NO_TIME)
            commands.clear()
            worker.run("test")
        assert commands == ["up", "stack"]

    wanted, before = {name: project.push(name) for name in FUNCTIONS}, updates()
    parsed = Counter(calls_of("Policy.from_spec", receive_and_work))
    assert [(job.state, job.reason) for job in ledger.jobs()] == [(JobState.SUCCEEDED, "")]
    assert {name: project.shop.deployed(name) for name in FUNCTIONS} == wanted
    assert {one.pin for one in ledger.deployments()} == set(FUNCTIONS)
    assert (updates() - before, project.outputs()) == (len(FUNCTIONS), wanted)
    assert any("basket updat" in line for _, line in ledger.log_lines(ledger.jobs()[0].id))
    assert not list(project.runs.iterdir())
    assert parsed.total() == len(FUNCTIONS), "each policy is parsed once"
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


def calls_of(function: str, run: Callable[[], None]) -> Iterator[str]:
    """The file of each call of *function* in this process while *run* runs, in any thread."""
    calls: list[str] = []

    def profile(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_qualname == function:
            calls.append(frame.f_code.co_filename)

    before = sys.getprofile()
    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
    return iter(calls)


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
    project.runs.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(exist_ok=True)
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
