"""Run a pipeline to its end: whatever happens, none is left running."""

from collections.abc import Callable

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.errors import (
    BuildCanceled,
    BuildFailed,
    BuildTimedOut,
    PipelineDenied,
    PipelineError,
    PipelineExists,
    PipelineRejected,
    PipelineUnavailable,
)
from fcpin.pipelines.devs import LogLocation, Pipeline, Task
from fcpin.pipelines.running import FinishedRun, Waiter, require_success, run
from tests.pipelines.harness import DevsHarness, client_of, document
from tests.support.clock import ManualClock

DAY = 86400.0
SLOW = Knobs(build_seconds=60)
ENDED = {"Success", "Failed", "Canceled"}
RUNNER = {
    "vpcConfig": {"vpcId": "vpc-1", "vSwitchIds": ["vsw-1"], "securityGroupId": "sg-1"},
    "logConfig": {"project": "demo-project", "logstore": "demo-logstore"},
    "timeout": 600,
}


@pytest.fixture
def knobs() -> Knobs:
    return SLOW


def run_in(devs: DevsHarness, *, deadline: float = DAY, clock: ManualClock | None = None) -> FinishedRun:
    """Build an accelerated image in an Enterprise repository."""
    image, build = f"{devs.cloud.enterprise_host}/shop/app:1_accelerated", {"instanceID": devs.cloud.instance_id}
    pipeline = document("p-1", image, build=build, data={"runnerConfig": RUNNER})
    return run(client_of(devs.cloud), pipeline, Waiter(clock or devs.clock, deadline), devs.lines.append)


OTHER = Knobs(build_seconds=60, pipeline_start="at-once", pipeline_phases="other")


@pytest.mark.parametrize(
    ("knobs", "phases"),
    [(SLOW, ["Running", "Success"]), (OTHER, ["Executing", "Succeeded"])],
    ids=["a likely cloud", "another cloud"],
)
def test_a_success_has_the_reported_digests_and_the_log(devs: DevsHarness, phases: list[str]) -> None:
    finished = run_in(devs)
    assert finished.reported == set(devs.cloud.tags("shop/app").values())
    assert finished.log == LogLocation("demo-project", "demo-logstore")
    assert devs.lines == [f"pipeline p-1: {phase}" for phase in phases]


TROUBLES: list[tuple[str, Callable[[Emulator], object], type[BaseException]]] = [
    ("the build fails", lambda cloud: cloud.fail_build(), BuildFailed),
    ("it cannot be started", lambda cloud: cloud.fail_next("StartPipeline", status=400, code="Bad"), PipelineRejected),
    ("it cannot be read", lambda cloud: cloud.fail_next("GetPipeline", status=403, code="NoPermission"), PipelineDenied),
    ("the service is unavailable", lambda cloud: cloud.fail_next("GetPipeline", times=3), PipelineUnavailable),
    ("the creation has no response", lambda cloud: cloud.fail_next("CreatePipeline", times=3), PipelineUnavailable),
]  # fmt: skip


@pytest.mark.parametrize(("happens", "error"), [row[1:] for row in TROUBLES], ids=[row[0] for row in TROUBLES])
def test_a_failure_leaves_no_pipeline_running(
    devs: DevsHarness, happens: Callable[[Emulator], object], error: type[BaseException]
) -> None:
    happens(devs.cloud)
    with pytest.raises(error):
        run_in(devs)
    assert set(devs.phases) <= ENDED


class InterruptedClock(ManualClock):
    """Ctrl-C at the second pause."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.slept) == 2:
            raise KeyboardInterrupt


def test_the_deadline_cancels_it(devs: DevsHarness) -> None:
    with pytest.raises(BuildTimedOut):
        run_in(devs, deadline=10)
    assert devs.lines[-1] == "pipeline p-1: Canceled"
    assert devs.phases == ["Canceled"]


def test_an_interruption_cancels_it(devs: DevsHarness) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_in(devs, clock=InterruptedClock())
    assert devs.phases == ["Canceled"]


def test_a_pipeline_of_another_user_is_not_cancelled(devs: DevsHarness) -> None:
    client = client_of(devs.cloud)
    client.create(document())
    client.start("p-1")
    with pytest.raises(PipelineExists):
        run_in(devs)
    assert devs.phases == ["Running"]


def test_the_last_lines_of_a_failed_task_are_reported(devs: DevsHarness) -> None:
    devs.cloud.fail_build(log="step 1\nstep 2", message="exit code 2")
    with pytest.raises(BuildFailed, match="exit code 2"):
        run_in(devs)
    assert [line for line in devs.lines if "step" in line] == ["p-1-build: step 1", "p-1-build: step 2"]


def test_tasks_that_cannot_be_listed_are_not_a_failure(devs: DevsHarness) -> None:
    devs.cloud.fail_next("ListTasks", status=403, code="NoPermission")
    assert run_in(devs).reported == frozenset()


def at(phase: str, **error: str) -> Pipeline:
    return Pipeline.from_wire({"name": "p-1", "status": {"phase": phase, "latestExecError": error}})


def failed_task(**invocation: str) -> Task:
    error = {"code": "BuildFailed", "message": "exit code 2"}
    status = {"phase": "Failed", "latestExecError": error, "invocations": [invocation]}
    return Task.from_wire({"name": "p-1-build", "status": status})


def test_waits_until_the_end_and_reports_every_new_phase_once() -> None:
    clock, lines = ManualClock(), list[str]()
    phases = iter(["Pending", "Running", "Running", "Hibernating", "Success"])
    Waiter(clock, 60).wait(at("Pending"), lambda: at(next(phases)), lines.append)
    assert [line.removeprefix("pipeline p-1: ") for line in lines] == [
        "Pending",
        "Running",
        "Hibernating (an unknown phase)",
        "Success",
    ]
    assert len(clock.slept) == 5


def test_gives_up_at_the_deadline_with_the_last_phase() -> None:
    clock, running = ManualClock(), at("Running")
    with pytest.raises(BuildTimedOut, match="still Running after 30 s"):
        Waiter(clock, 30).wait(running, lambda: running, lambda _: None)
    assert clock.monotonic() == pytest.approx(30)
    assert max(clock.slept) <= 5


ENDS: list[tuple[str, Pipeline, type[PipelineError], str]] = [
    ("a failure", at("Failed", code="BuildFailed", message="exit code 2"), BuildFailed, "exit code 2"),
    ("a failure without a reason", at("Failed", code="", message=""), BuildFailed, "the API returned no reason"),
    ("cancelled in the console", at("Cancelled"), BuildCanceled, "Cancelled"),
    ("no task was enabled", at("Skipped"), BuildFailed, "Skipped"),
]


@pytest.mark.parametrize(("end", "error", "reason"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_an_end_without_success_is_an_error(end: Pipeline, error: type[PipelineError], reason: str) -> None:
    with pytest.raises(error, match=f"p-1.*{reason}"):
        require_success(end)


def test_a_failure_names_the_log_of_the_task_that_failed() -> None:
    task = failed_task(slsProject="demo-project", slsLogStore="demo-logstore")
    with pytest.raises(BuildFailed, match=r"exit code 2; .*p-1-build.*demo-project.*demo-logstore"):
        require_success(at("Failed"), [task])
    with pytest.raises(BuildFailed, match="console"):
        require_success(at("Failed"), [failed_task()])
