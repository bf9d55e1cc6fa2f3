"""How long somebody waits for a pipeline, what is told meanwhile, and what its end means."""

import pytest

from fcpin.pipelines.devs import Pipeline, Task
from fcpin.pipelines.running import Waiter, check_success
from fcpin.errors import BuildCanceled, BuildFailed, BuildTimedOut, PipelineError
from tests.support.clock import ManualClock


def pipeline(phase: str, **error: str) -> Pipeline:
    return Pipeline.from_wire({"name": "p-1", "status": {"phase": phase, "latestExecError": error}})


def failed_task(**invocation: str) -> Task:
    error = {"code": "BuildFailed", "message": "exit code 2"}
    status = {"phase": "Failed", "latestExecError": error, "invocations": [invocation]}
    return Task.from_wire({"name": "p-1-build", "status": status})


def test_polls_until_the_end_and_tells_every_new_phase_once() -> None:
    clock, told = ManualClock(), list[str]()
    phases = iter(["Pending", "Running", "Running", "Hibernating", "Success"])
    Waiter(clock, 60).wait(pipeline("Pending"), lambda: pipeline(next(phases)), told.append)
    assert [line.removeprefix("pipeline p-1: ") for line in told] == [
        "Pending",
        "Running",
        "Hibernating (an unknown phase)",
        "Success",
    ]
    assert len(clock.slept) == 5


ENDS: list[tuple[str, Pipeline, type[PipelineError], str]] = [
    ("a failure says why", pipeline("Failed", code="BuildFailed", message="exit code 2"), BuildFailed, "exit code 2"),
    ("a failure without a reason says so", pipeline("Failed", code="", message=""), BuildFailed, "no reason is told"),
    ("somebody cancelled it", pipeline("Cancelled"), BuildCanceled, "Cancelled"),
    ("nothing of it was on", pipeline("Skipped"), BuildFailed, "Skipped"),
]


@pytest.mark.parametrize(("end", "error", "fact"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_an_end_without_success_is_an_error(end: Pipeline, error: type[PipelineError], fact: str) -> None:
    with pytest.raises(error, match=f"p-1.*{fact}"):
        Waiter(ManualClock(), 60).wait(end, lambda: end, lambda _: None)


def test_a_failure_names_the_log_of_the_task_that_failed() -> None:
    task = failed_task(slsProject="demo-project", slsLogStore="demo-logstore")
    with pytest.raises(BuildFailed, match=r"exit code 2; .*p-1-build.*demo-project.*demo-logstore"):
        check_success(pipeline("Failed"), [task])
    with pytest.raises(BuildFailed, match="console"):
        check_success(pipeline("Failed"), [failed_task()])


def test_gives_up_at_the_deadline_with_the_last_phase() -> None:
    clock, running = ManualClock(), pipeline("Running")
    with pytest.raises(BuildTimedOut, match="still Running after 30 s"):
        Waiter(clock, 30).wait(running, lambda: running, lambda _: None)
    assert clock.monotonic() == pytest.approx(30)
    assert max(clock.slept) <= 5
