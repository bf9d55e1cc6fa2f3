"""Runs of tasks and pipelines.

1. A task of a pipeline starts when each task of its `runAfters` has succeeded or is not enabled.
2. The tasks that run after a failed task are skipped. The pipeline fails when its other tasks are finished.
3. Nothing runs in the background: `settle` carries out the events that are due, in the order of their due times.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any, Protocol

from fcpin.emulator.devs import plan
from fcpin.emulator.devs.model import (
    FINISHED,
    ExecError,
    InjectedFailure,
    Json,
    PipelineRecord,
    RunPhase,
    TaskEvent,
    TaskRecord,
)
from fcpin.emulator.fc.images import Reference
from fcpin.emulator.knobs import Knobs
from fcpin.emulator.oci.build import OciImage, image, put
from fcpin.emulator.oci.remote import RemoteError, RemoteRegistry
from fcpin.emulator.oci.store import RegistryStore
from fcpin.emulator.state import EmulatorClock, Ids, State
from fcpin.emulator.wire import ApiError


class PushFailed(Exception):
    """The registry did not accept an image. `str()` is the reason."""


class Destination(Protocol):
    """A registry that builds push to."""

    def push(self, path: str, tag: str, image: OciImage) -> None:
        """Raises PushFailed."""


class OwnDestination:
    """The emulator's own registry, called in process."""

    def __init__(self, store: RegistryStore, changing: Callable[[], AbstractContextManager[Any]]) -> None:
        self._store = store
        self._changing = changing

    def push(self, path: str, tag: str, image: OciImage) -> None:
        try:
            with self._changing():
                put(self._store, self._store.create(path), image, tag)
        except ApiError as error:
            raise PushFailed(error.message) from None


class RemoteDestination:
    """A registry in another process."""

    def __init__(self, registry: RemoteRegistry) -> None:
        self._registry = registry

    def push(self, path: str, tag: str, image: OciImage) -> None:
        try:
            self._registry.push(path, tag, image)
        except RemoteError as error:
            raise PushFailed(str(error)) from error


class TaskRunner:
    """Starts, advances and ends tasks. All but `settle` is called under the account's lock."""

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

    # start

    def start(self, pipeline: PipelineRecord) -> None:
        pipeline.phase, pipeline.error = RunPhase.RUNNING, ExecError()
        pipeline.version += 1
        self._advance(pipeline, self._clock.now())

    def start_task(self, task: TaskRecord, when: float | None = None) -> None:
        start = self._clock.now() if when is None else when
        failure = self._take_failure(task)
        context = plan.BuildContext(self._knobs, self._state.instances)
        task.phase, task.error = RunPhase.RUNNING, ExecError()
        task.version, task.status_generation = task.version + 1, task.status_generation + 1
        task.log = [f"started in the {'dedicated' if task.data.get('runnerConfig') else 'default'} environment"]
        task.invocations.append(self._invocation(task))
        task.events = plan.plan(task, start, context, failure)

    def _take_failure(self, task: TaskRecord) -> InjectedFailure | None:
        """Remove and return the first injected failure that applies to the task."""
        for number, failure in enumerate(self._state.build_failures):
            if plan.applies_to(failure, task.data):
                return self._state.build_failures.pop(number)
        return None

    def _invocation(self, task: TaskRecord) -> Json:
        log = (task.data.get("runnerConfig") or {}).get("logConfig") or {}
        where = {"slsProject": log.get("project", ""), "slsLogStore": log.get("logstore", "")} if log else {}
        return {
            "invocationID": self._ids.uuid(),
            "requestID": self._ids.uuid(),
            "invocationTarget": f"{task.template}-{self._ids.hex(8)}",
            "instanceID": f"c-{self._ids.hex(24)}",
            "status": RunPhase.RUNNING,
            "output": "",
            **where,
        }

    # end by a request

    def cancel(
        self, pipeline: PipelineRecord, phase: RunPhase = RunPhase.CANCELED, error: ExecError | None = None
    ) -> None:
        """End the pipeline, and each of its tasks that is not finished."""
        for task in self.tasks(pipeline):
            if task.phase not in FINISHED:
                self._end(task, RunPhase.CANCELED, ExecError())
        pipeline.phase, pipeline.error = phase, error or ExecError()
        pipeline.version += 1

    def end_task(self, task: TaskRecord, phase: RunPhase, error: ExecError) -> None:
        """End a task, and advance its pipeline."""
        self._end(task, phase, error)
        self._advance_after(task, self._clock.now())

    def retry(self, task: TaskRecord) -> None:
        """Run a task again that has not succeeded, and the tasks of its pipeline that were skipped because of it."""
        pipeline = self._state.pipelines.get(task.pipeline)
        if pipeline is None:
            self.start_task(task)
            return
        for other in self.tasks(pipeline):
            if other is task or (other.phase == RunPhase.SKIPPED and other.enabled):
                other.phase = RunPhase.PENDING
        self.start(pipeline)

    # progress

    def is_due(self) -> bool:
        """Whether an event is due."""
        return self._next() is not None

    def settle(self, *, wait: bool = True) -> None:
        """Carry out every event that is due. Called outside the lock: a push may be to another process.

        Without *wait* it returns at once if another thread is in `settle`.
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
            if task.phase == RunPhase.RUNNING and task.status_generation == run:
                self._apply(task, event, outcome)
        return True

    def _next(self) -> TaskRecord | None:
        """The running task with the earliest due event."""
        now = self._clock.now()
        due = [task for task in list(self._state.tasks.values()) if task.events and task.events[0].due <= now]
        return min(due, key=lambda task: task.events[0].due, default=None)

    def _push(self, event: TaskEvent) -> PushFailed | None:
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

    def _apply(self, task: TaskRecord, event: TaskEvent, failure: PushFailed | None) -> None:
        if failure is not None:
            self._finish(task, RunPhase.FAILED, ExecError("PushFailed", f"{event.text}: {failure}"), event.due)
            return
        match event.kind:
            case "log":
                task.log.append(event.text)
            case "push":
                self._report(task, event)
            case "success":
                self._finish(task, RunPhase.SUCCESS, ExecError(), event.due)
            case "failure":
                self._finish(task, RunPhase.FAILED, ExecError(event.code, event.text), event.due)

    def _report(self, task: TaskRecord, event: TaskEvent) -> None:
        task.log.append(f"pushed {event.text}")
        if self._knobs.build_output == "digest":
            digest = image(event.reported, self._built(event.reported)).digest
            task.log.append(f"digest: {digest}")
            latest = task.invocations[-1]
            latest["output"] += f"{json.dumps({'image': event.text, 'digest': digest})}\n"

    def _finish(self, task: TaskRecord, phase: RunPhase, error: ExecError, when: float) -> None:
        self._end(task, phase, error)
        self._advance_after(task, when)

    def _end(self, task: TaskRecord, phase: RunPhase, error: ExecError) -> None:
        task.phase, task.error, task.events = phase, error, []
        task.version += 1
        if error.message:
            task.log.append(f"{error.code}: {error.message}")
        if task.invocations:
            task.invocations[-1]["status"] = phase

    # pipelines

    def tasks(self, pipeline: PipelineRecord) -> list[TaskRecord]:
        return [self._state.tasks[name] for name in pipeline.tasks]

    def _advance_after(self, task: TaskRecord, when: float) -> None:
        pipeline = self._state.pipelines.get(task.pipeline)
        if pipeline is not None and pipeline.phase == RunPhase.RUNNING:
            self._advance(pipeline, when)

    def _advance(self, pipeline: PipelineRecord, when: float) -> None:
        """Start or skip the tasks that need not wait, and end the pipeline when all are finished."""
        tasks = self.tasks(pipeline)
        while moved := list(plan.movable(tasks)):
            for task, phase in moved:
                if phase is RunPhase.SKIPPED:
                    self._end(task, phase, ExecError())
                else:
                    self.start_task(task, when)
        if ended := plan.outcome(tasks):
            pipeline.phase, pipeline.error = ended
            pipeline.version += 1
