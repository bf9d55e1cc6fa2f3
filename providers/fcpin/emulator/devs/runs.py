"""Runs of tasks and pipelines: started, advanced at each request, ended.

1. A task of a pipeline begins when all that it runs after have passed: succeeded, or are not enabled.
2. A failed task is the end of those that run after it, and of the pipeline once its other tasks have ended.
3. Nothing runs in the background: `settle` does what has become due, in the order in which it became so.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any, Protocol

from fcpin.emulator.clock import EmulatorClock
from fcpin.emulator.devs import plan
from fcpin.emulator.devs.model import (
    FINISHED,
    Event,
    ExecError,
    InjectedFailure,
    Json,
    Phase,
    PipelineRecord,
    TaskRecord,
)
from fcpin.emulator.fc.images import Reference
from fcpin.emulator.knobs import Knobs
from fcpin.emulator.oci.build import Image, image, put
from fcpin.emulator.oci.remote import RemoteError, RemoteRegistry
from fcpin.emulator.oci.store import Store
from fcpin.emulator.state import Ids, State
from fcpin.emulator.wire import ApiError


class PushFailed(Exception):
    """The registry did not accept an image. `str()` is the reason."""


class Destination(Protocol):
    """A registry, as builds use it."""

    def push(self, path: str, tag: str, image: Image) -> None:
        """Raises PushFailed."""


class OwnDestination:
    """The emulator's registry, without going over the wire."""

    def __init__(self, store: Store, changing: Callable[[], AbstractContextManager[Any]]) -> None:
        self._store = store
        self._changing = changing

    def push(self, path: str, tag: str, image: Image) -> None:
        try:
            with self._changing():
                put(self._store, self._store.create(path), image, tag)
        except ApiError as error:
            raise PushFailed(error.message) from None


class RemoteDestination:
    """A registry somewhere else."""

    def __init__(self, registry: RemoteRegistry) -> None:
        self._registry = registry

    def push(self, path: str, tag: str, image: Image) -> None:
        try:
            self._registry.push(path, tag, image)
        except RemoteError as error:
            raise PushFailed(str(error)) from error


class Runs:
    """What runs now. All but `settle` is called under the account's lock."""

    def __init__(
        self,
        state: State,
        own: Destination,
        others: Mapping[str, Destination],
        clock: EmulatorClock,
        ids: Ids,
        knobs: Knobs,
        changing: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self._state = state
        self._own = own
        self._others = others
        self._clock = clock
        self._ids = ids
        self._knobs = knobs
        self._changing = changing
        self._turn = Lock()

    # begun

    def begin(self, pipeline: PipelineRecord) -> None:
        pipeline.phase, pipeline.error = Phase.RUNNING, ExecError()
        pipeline.version += 1
        self._go_on(pipeline, self._clock.now())

    def begin_task(self, task: TaskRecord, when: float | None = None) -> None:
        start = self._clock.now() if when is None else when
        trouble = self._trouble(task)
        around = plan.BuildContext(self._knobs, self._state.instances)
        task.phase, task.error = Phase.RUNNING, ExecError()
        task.version, task.status_generation = task.version + 1, task.status_generation + 1
        task.log = [f"started in the {'dedicated' if task.data.get('runnerConfig') else 'default'} environment"]
        task.invocations.append(self._invocation(task))
        task.events = plan.plan(task, start, around, trouble)

    def _trouble(self, task: TaskRecord) -> InjectedFailure | None:
        """The first one ordered that can befall the task; it is used up."""
        for number, trouble in enumerate(self._state.build_troubles):
            if plan.happens_to(trouble, task.data):
                return self._state.build_troubles.pop(number)
        return None

    def _invocation(self, task: TaskRecord) -> Json:
        log = (task.data.get("runnerConfig") or {}).get("logConfig") or {}
        where = {"slsProject": log.get("project", ""), "slsLogStore": log.get("logstore", "")} if log else {}
        return {
            "invocationID": self._ids.uuid(),
            "requestID": self._ids.uuid(),
            "invocationTarget": f"{task.template}-{self._ids.hex(8)}",
            "instanceID": f"c-{self._ids.hex(24)}",
            "status": Phase.RUNNING,
            "output": "",
            **where,
        }

    # ended from outside

    def cancel(self, pipeline: PipelineRecord, phase: Phase = Phase.CANCELED, error: ExecError | None = None) -> None:
        """End it, and every task that has not ended by itself."""
        for task in self.tasks(pipeline):
            if task.phase not in FINISHED:
                self._end(task, Phase.CANCELED, ExecError())
        pipeline.phase, pipeline.error = phase, error or ExecError()
        pipeline.version += 1

    def end_task(self, task: TaskRecord, phase: Phase, error: ExecError) -> None:
        """End a task, and do what its pipeline does then."""
        self._end(task, phase, error)
        self._go_on_after(task, self._clock.now())

    def retry(self, task: TaskRecord) -> None:
        """Run a task again that has not succeeded; of a pipeline, also what was skipped for it."""
        pipeline = self._state.pipelines.get(task.pipeline)
        if pipeline is None:
            self.begin_task(task)
            return
        for other in self.tasks(pipeline):
            if other is task or (other.phase == Phase.SKIPPED and other.enabled):
                other.phase = Phase.PENDING
        self.begin(pipeline)

    # carried on

    def is_due(self) -> bool:
        """Whether `settle` would do anything."""
        return self._next() is not None

    def settle(self, *, wait: bool = True) -> None:
        """Do everything that is due. Outside the lock: a push may be to another process.

        Without *wait* it returns while another thread is doing the same.
        """
        if not self._turn.acquire(blocking=wait):
            return
        try:
            while self._settle_one():
                pass
        finally:
            self._turn.release()

    def _settle_one(self) -> bool:
        with self._changing():
            task = self._next()
            if task is None:
                return False
            event, run = task.events.pop(0), task.status_generation
        outcome = self._push(event) if event.kind == "push" else None
        with self._changing():
            if task.phase == Phase.RUNNING and task.status_generation == run:
                self._note(task, event, outcome)
        return True

    def _next(self) -> TaskRecord | None:
        """The running task whose next event is the earliest of those that are due."""
        now = self._clock.now()
        due = [task for task in list(self._state.tasks.values()) if task.events and task.events[0].due <= now]
        return min(due, key=lambda task: task.events[0].due, default=None)

    def _push(self, event: Event) -> PushFailed | None:
        reference = Reference.parse(event.text)
        destination = self._others.get(reference.host, self._own)
        with self._changing():
            built = image(event.content, self._built(event.content))
        try:
            destination.push(reference.path, reference.tag, built)
        except PushFailed as error:
            return error
        return None

    def _built(self, content: str) -> int:
        return self._state.built.setdefault(content, int(self._clock.now()))

    def _note(self, task: TaskRecord, event: Event, failure: PushFailed | None) -> None:
        if failure is not None:
            self._finish(task, Phase.FAILED, ExecError("PushFailed", f"{event.text}: {failure}"), event.due)
            return
        match event.kind:
            case "log":
                task.log.append(event.text)
            case "push":
                self._report(task, event)
            case "success":
                self._finish(task, Phase.SUCCESS, ExecError(), event.due)
            case "failure":
                self._finish(task, Phase.FAILED, ExecError(event.code, event.text), event.due)

    def _report(self, task: TaskRecord, event: Event) -> None:
        task.log.append(f"pushed {event.text}")
        if self._knobs.build_output == "digest":
            digest = image(event.reported, self._built(event.reported)).digest
            task.log.append(f"digest: {digest}")
            latest = task.invocations[-1]
            latest["output"] += f"{json.dumps({'image': event.text, 'digest': digest})}\n"

    def _finish(self, task: TaskRecord, phase: Phase, error: ExecError, when: float) -> None:
        self._end(task, phase, error)
        self._go_on_after(task, when)

    def _end(self, task: TaskRecord, phase: Phase, error: ExecError) -> None:
        task.phase, task.error, task.events = phase, error, []
        task.version += 1
        if error.message:
            task.log.append(f"{error.code}: {error.message}")
        if task.invocations:
            task.invocations[-1]["status"] = phase

    # pipelines

    def tasks(self, pipeline: PipelineRecord) -> list[TaskRecord]:
        return [self._state.tasks[name] for name in pipeline.tasks]

    def _go_on_after(self, task: TaskRecord, when: float) -> None:
        pipeline = self._state.pipelines.get(task.pipeline)
        if pipeline is not None and pipeline.phase == Phase.RUNNING:
            self._go_on(pipeline, when)

    def _go_on(self, pipeline: PipelineRecord, when: float) -> None:
        """Begin or skip what can be, and end the pipeline when nothing is left."""
        tasks = self.tasks(pipeline)
        while moved := list(plan.movable(tasks)):
            for task, phase in moved:
                if phase is Phase.SKIPPED:
                    self._end(task, phase, ExecError())
                else:
                    self.begin_task(task, when)
        if ended := plan.outcome(tasks):
            pipeline.phase, pipeline.error = ended
            pipeline.version += 1
