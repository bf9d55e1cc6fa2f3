"""A pipeline from its submission to its end: whatever happens, none is left running."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from fcpin.pipelines.devs import DevsClient
from fcpin.pipelines.devs import LogLocation
from fcpin.pipelines.running import Finished, run
from fcpin.pipelines.running import Waiter
from fcpin.emulator import Emulator, Knobs
from fcpin.errors import (
    BuildFailed,
    BuildTimedOut,
    PipelineDenied,
    PipelineExists,
    PipelineRejected,
    PipelineUnavailable,
)
from tests.devs.submitted import client_of, document
from tests.support.clock import ManualClock

DAY = 86400.0
SLOW = Knobs(build_seconds=60)
ENDED = {"Success", "Failed", "Canceled"}
RUNNER = {
    "vpcConfig": {"vpcId": "vpc-1", "vSwitchIds": ["vsw-1"], "securityGroupId": "sg-1"},
    "logConfig": {"project": "demo-project", "logstore": "demo-logstore"},
    "timeout": 600,
}


@dataclass
class Bench:
    """An emulator and a waiter that live by one clock: nobody waits."""

    cloud: Emulator
    clock: ManualClock
    client: DevsClient
    told: list[str] = field(default_factory=list)

    def run(self, *, deadline: float = DAY, clock: ManualClock | None = None) -> Finished:
        """An accelerated image in an Enterprise repository."""
        image, build = f"{self.cloud.enterprise_host}/shop/app:1_accelerated", {"instanceID": self.cloud.instance_id}
        wanted = document("p-1", image, build=build, data={"runnerConfig": RUNNER})
        return run(self.client, wanted, Waiter(clock or self.clock, deadline), self.told.append)

    @property
    def phases(self) -> list[str]:
        return [one["status"]["phase"] for one in self.cloud.pipelines()]


@pytest.fixture
def bench(knobs: Knobs) -> Iterator[Bench]:
    clock = ManualClock(datetime.now(UTC))
    with Emulator(knobs=knobs, clock=clock).serve() as cloud:
        yield Bench(cloud, clock, client_of(cloud, cloud.access_key_secret))


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        (SLOW, ["Running", "Success"]),
        (Knobs(build_seconds=60, pipeline_start="at-once", pipeline_phases="other"), ["Executing", "Succeeded"]),
    ],
    ids=["a likely cloud", "another cloud"],
)
def test_success_tells_what_was_reported_and_where_the_log_is(bench: Bench, words: list[str]) -> None:
    finished = bench.run()
    assert finished.reported == set(bench.cloud.tags("shop/app").values())
    assert finished.log == LogLocation("demo-project", "demo-logstore")
    assert bench.told == [f"pipeline p-1: {word}" for word in words]


TROUBLES: list[tuple[str, Callable[[Bench], object], type[BaseException]]] = [
    ("the build fails", lambda bench: bench.cloud.fail_build(), BuildFailed),
    ("the build hangs until its time-out", lambda bench: bench.cloud.hang_build(), BuildFailed),
    ("the VPC is lost", lambda bench: bench.cloud.lose_vpc(), BuildFailed),
    ("the conversion is stuck", lambda bench: bench.cloud.stick_conversion(), BuildFailed),
    ("it cannot be started", lambda bench: bench.cloud.fail_next("StartPipeline", status=400, code="Bad"), PipelineRejected),
    ("it may not be looked at", lambda bench: bench.cloud.fail_next("GetPipeline", status=403, code="NoPermission"), PipelineDenied),
    ("the service is away", lambda bench: bench.cloud.fail_next("GetPipeline", times=3), PipelineUnavailable),
    ("the creation is never answered", lambda bench: bench.cloud.fail_next("CreatePipeline", times=3), PipelineUnavailable),
]  # fmt: skip


@pytest.mark.parametrize("knobs", [SLOW])
@pytest.mark.parametrize(("happens", "error"), [row[1:] for row in TROUBLES], ids=[row[0] for row in TROUBLES])
def test_whatever_happens_none_is_left_running(
    bench: Bench, happens: Callable[[Bench], object], error: type[BaseException]
) -> None:
    happens(bench)
    with pytest.raises(error):
        bench.run()
    assert set(bench.phases) <= ENDED


@pytest.mark.parametrize("knobs", [SLOW])
def test_a_deadline_of_ours_cancels_it(bench: Bench) -> None:
    with pytest.raises(BuildTimedOut):
        bench.run(deadline=10)
    assert bench.phases == ["Canceled"]
    assert bench.told[-1] == "pipeline p-1: Canceled"


class Impatient(ManualClock):
    """Somebody presses Ctrl-C at the second pause."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.slept) == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize("knobs", [SLOW])
def test_an_interruption_cancels_it_and_goes_on(bench: Bench) -> None:
    with pytest.raises(KeyboardInterrupt):
        bench.run(clock=Impatient())
    assert bench.phases == ["Canceled"]


@pytest.mark.parametrize("knobs", [SLOW])
def test_a_pipeline_of_somebody_else_is_left_alone(bench: Bench) -> None:
    bench.client.create(document())
    bench.client.start("p-1")
    with pytest.raises(PipelineExists):
        bench.run()
    assert bench.phases == ["Running"]


@pytest.mark.parametrize("knobs", [SLOW])
def test_the_last_lines_of_a_failed_task_are_told(bench: Bench) -> None:
    bench.cloud.fail_build(log="step 1\nstep 2", message="exit code 2")
    with pytest.raises(BuildFailed, match="exit code 2"):
        bench.run()
    assert [line for line in bench.told if "step" in line] == ["p-1-build: step 1", "p-1-build: step 2"]


@pytest.mark.parametrize("knobs", [SLOW])
def test_tasks_that_cannot_be_listed_are_no_failure(bench: Bench) -> None:
    bench.cloud.fail_next("ListTasks", status=403, code="NoPermission")
    assert bench.run().reported == frozenset()
