"""Wait until a pipeline has ended, and say how it did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from fcpin.clock import Clock
from fcpin.devs.model import Pipeline, Task
from fcpin.devs.phase import Phase
from fcpin.errors import BuildCanceled, BuildFailed, BuildTimedOut

Tell = Callable[[str], None]
"""Takes one line of progress."""

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
_PAUSE_GROWS: Final = 1.5


@dataclass(frozen=True, slots=True)
class Waiter:
    """How long to wait for a pipeline, and by which clock."""

    clock: Clock
    deadline: float
    """Seconds."""

    def wait(self, sent: Pipeline, get: Callable[[], Pipeline], tell: Tell) -> Pipeline:
        """Poll *get* until the pipeline has succeeded. Raises BuildFailed, BuildCanceled, BuildTimedOut."""
        pipeline = self.settle(sent, get, tell)
        check_success(pipeline)
        return pipeline

    def settle(self, sent: Pipeline, get: Callable[[], Pipeline], tell: Tell) -> Pipeline:
        """Poll *get* until the pipeline has ended, however it did; every new phase is told. Raises BuildTimedOut."""
        started, pause, pipeline = self.clock.monotonic(), _FIRST_PAUSE, sent
        tell(_progress(pipeline))
        while not pipeline.phase.is_final:
            left = started + self.deadline - self.clock.monotonic()
            if left <= 0:
                raise BuildTimedOut(
                    f"pipeline {sent.name}: still {pipeline.word or 'without a phase'} after {self.deadline:g} s; "
                    "raise `deadline`, or look at its log"
                )
            self.clock.sleep(min(pause, left))
            pause = min(pause * _PAUSE_GROWS, _LONGEST_PAUSE)
            before, pipeline = pipeline, get()
            if pipeline.word != before.word:
                tell(_progress(pipeline))
        return pipeline


def check_success(pipeline: Pipeline, tasks: Sequence[Task] = ()) -> None:
    """Raises BuildFailed or BuildCanceled, naming the task and the place of its log where *tasks* tell them."""
    if pipeline.phase is Phase.SUCCESS:
        return
    culprit = next((task for task in tasks if task.phase in {Phase.FAILED, Phase.CANCELED}), None)
    reason = pipeline.reason or (culprit.reason if culprit else "") or "no reason is told"
    log = culprit.log if culprit else None
    where = f"task {culprit.name}, {log}" if culprit and log else "the console of Serverless Devs"
    failure = BuildCanceled if pipeline.phase is Phase.CANCELED else BuildFailed
    raise failure(f"pipeline {pipeline.name}: {pipeline.word}: {reason}; the log: {where}")


def _progress(pipeline: Pipeline) -> str:
    strange = pipeline.phase is Phase.UNKNOWN
    return f"pipeline {pipeline.name}: {pipeline.word or 'created'}" + (" (an unknown phase)" if strange else "")
