"""The operations on pipelines and tasks."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fcpin.emulator.devs import rules
from fcpin.emulator.devs.model import FINISHED, PASSED, WORDS, ExecError, Json, PipelineRecord, RunPhase, TaskRecord
from fcpin.emulator.devs.runs import TaskRunner
from fcpin.emulator.knobs import Knobs
from fcpin.emulator.state import EmulatorClock, Ids, State, iso

Labels = Mapping[str, str]
Selector = Callable[[Labels], bool]


def selector(text: str) -> Selector:
    """Parse the query's `labelSelector`. Raises InvalidArgument."""
    terms = [_term(term.strip()) for term in text.split(",") if term.strip()]
    return lambda labels: all(holds(labels) for holds in terms)


def _term(text: str) -> Selector:
    for sign, wanted in (("!=", False), ("==", True), ("=", True)):
        key, found, value = text.partition(sign)
        if found:
            if not key or not value:
                raise rules.invalid(f"labelSelector {text!r} is invalid")
            return lambda labels: (labels.get(key) == value) is wanted
    if text.startswith("!"):
        return lambda labels: text[1:] not in labels
    return lambda labels: text in labels


Words = Mapping[RunPhase, str]


def pipeline_view(record: PipelineRecord, words: Words) -> Json:
    return {
        **_resource("Pipeline", record),
        "spec": record.spec,
        "status": _status(record.phase, record.error, words),
    }


def task_view(record: TaskRecord, words: Words) -> Json:
    return {
        **_resource("Task", record),
        "spec": {"templateName": record.template, "context": {"data": record.data}},
        "status": {
            **_status(record.phase, record.error, words),
            "statusGeneration": record.status_generation,
            "executionDetails": list(record.log),
            "invocations": [{**one, "status": words[RunPhase(one["status"])]} for one in record.invocations],
        },
    }


def _resource(kind: str, record: PipelineRecord | TaskRecord) -> Json:
    return {
        "kind": kind,
        "name": record.name,
        "uid": record.uid,
        "description": record.description,
        "labels": dict(record.labels),
        "createdTime": iso(record.created),
        "generation": 1,
        "resourceVersion": record.version,
    }


def _status(phase: str, error: ExecError, words: Words) -> dict[str, Any]:
    return {"phase": words[RunPhase(phase)], "latestExecError": error.wire}


PIPELINE_LABEL = "pipelineName"
_R = TypeVar("_R", PipelineRecord, TaskRecord)


class ServerlessDevs:
    """One method per operation; JSON objects in and out. Raises DevsError."""

    def __init__(self, state: State, runs: TaskRunner, clock: EmulatorClock, ids: Ids, knobs: Knobs) -> None:
        self._state = state
        self._runs = runs
        self._clock = clock
        self._ids = ids
        self._knobs = knobs
        self._words = WORDS[knobs.pipeline_phases]

    # pipelines

    def create_pipeline(self, request: Json) -> Json:
        steps = rules.check_pipeline(request)
        name, spec = request["name"], request["spec"]
        names = [f"{name}-{step['name']}" for step in steps]
        if name in self._state.pipelines:
            raise rules.exists("Pipeline", name)
        for taken in self._state.tasks.keys() & names:
            raise rules.exists("Task", taken)
        defaults = rules.context_data(spec) | rules.context_data(spec["templateSpec"])
        for own, step in zip(names, steps, strict=True):
            self._state.tasks[own] = self._step(name, own, step, defaults)
        pipeline = PipelineRecord(name, self._ids.uuid(), self._clock.now(), *_described(request), spec, names)
        self._state.pipelines[name] = pipeline
        if self._knobs.pipeline_start == "at-once":
            self._runs.start(pipeline)
        return self._view(pipeline)

    def _step(self, pipeline: str, name: str, step: Json, defaults: Json) -> TaskRecord:
        data = defaults | rules.context_data(step)
        labels = {PIPELINE_LABEL: pipeline} if self._knobs.pipeline_tasks == "labelled" else {}
        return TaskRecord(
            name,
            self._ids.uuid(),
            self._clock.now(),
            "",
            labels,
            step["taskTemplate"],
            data,
            pipeline,
            step["name"],
            rules.run_afters(step),
            enabled=data.get("enable") is True,
        )

    def get_pipeline(self, name: str) -> Json:
        return self._view(self.pipeline(name))

    def list_pipelines(self, labels: str = "") -> list[Json]:
        chosen = selector(labels)
        return [self._view(one) for one in self._state.pipelines.values() if chosen(one.labels)]

    def start_pipeline(self, name: str) -> Json:
        pipeline = self.pipeline(name)
        if pipeline.phase != RunPhase.PENDING:
            raise self._wrong_phase(pipeline, "started")
        self._runs.start(pipeline)
        return self._view(pipeline)

    def cancel_pipeline(self, name: str) -> Json:
        pipeline = self.pipeline(name)
        if pipeline.phase in FINISHED:
            raise self._wrong_phase(pipeline, "canceled")
        self._runs.cancel(pipeline)
        return self._view(pipeline)

    def put_pipeline_status(self, name: str, request: Json, *, force: bool) -> Json:
        """A status that an external runner reports. A finished phase ends the pipeline."""
        pipeline = self.pipeline(name)
        phase, error = self._reported(pipeline, request, force=force)
        if phase in FINISHED:
            self._runs.cancel(pipeline, phase, error)
        else:
            pipeline.phase, pipeline.error, pipeline.version = phase, error, pipeline.version + 1
        return self._view(pipeline)

    def pipeline(self, name: str) -> PipelineRecord:
        """Raises PipelineNotFound."""
        return _named(self._state.pipelines, "Pipeline", name)

    # tasks

    def create_task(self, request: Json) -> Json:
        rules.check_resource(request, "Task")
        name, spec = request["name"], request.get("spec") or {}
        template, data = rules.check_template(spec.get("templateName")), rules.context_data(spec)
        rules.check_data(data)
        if name in self._state.tasks:
            raise rules.exists("Task", name)
        task = TaskRecord(name, self._ids.uuid(), self._clock.now(), *_described(request), template, data)
        self._state.tasks[name] = task
        return self._view(task)

    def get_task(self, name: str) -> Json:
        return self._view(self.task(name))

    def list_tasks(self, labels: str = "") -> list[Json]:
        chosen, hidden = selector(labels), self._knobs.pipeline_tasks == "unlisted"
        tasks = [one for one in self._state.tasks.values() if not (hidden and one.pipeline)]
        return [self._view(one) for one in tasks if chosen(one.labels)]

    def start_task(self, name: str) -> Json:
        task = self.task(name)
        if task.phase != RunPhase.PENDING or task.pipeline:
            raise self._wrong_phase(task, "started")
        self._runs.start_task(task)
        return self._view(task)

    def cancel_task(self, name: str) -> Json:
        task = self.task(name)
        if task.phase in FINISHED:
            raise self._wrong_phase(task, "canceled")
        self._runs.end_task(task, RunPhase.CANCELED, ExecError())
        return self._view(task)

    def retry_task(self, name: str) -> Json:
        task = self.task(name)
        if task.phase not in FINISHED - PASSED:
            raise self._wrong_phase(task, "retried")
        self._runs.retry(task)
        return self._view(task)

    def resume_task(self, name: str) -> Json:
        """Resumes tasks that wait for approval; the emulator has no such tasks."""
        raise self._wrong_phase(self.task(name), "resumed")

    def put_task_status(self, name: str, request: Json, *, force: bool) -> Json:
        task = self.task(name)
        phase, error = self._reported(task, request, force=force)
        if phase in FINISHED:
            self._runs.end_task(task, phase, error)
        else:
            task.phase, task.error, task.version = phase, error, task.version + 1
        return self._view(task)

    def task(self, name: str) -> TaskRecord:
        """Raises TaskNotFound."""
        return _named(self._state.tasks, "Task", name)

    # both

    def _reported(
        self, record: PipelineRecord | TaskRecord, request: Json, *, force: bool
    ) -> tuple[RunPhase, ExecError]:
        """Phase and error of a status that may replace that of *record*."""
        version = request.get("resourceVersion")
        if not force and version not in (None, record.version):
            raise rules.conflict(_kind(record), record.name, record.version)
        status = request.get("status") or {}
        phases = {word: phase for phase, word in self._words.items()}
        phase = phases.get(str(status.get("phase")))
        if phase is None:
            known = ", ".join(phases)
            raise rules.invalid(f"status.phase is {status.get('phase')!r}, expected one of {known}")
        error = status.get("latestExecError") or {}
        return phase, ExecError(*(str(error.get(key) or "") for key in ("code", "message", "title")))

    def _view(self, record: PipelineRecord | TaskRecord) -> Json:
        if isinstance(record, TaskRecord):
            return task_view(record, self._words)
        return pipeline_view(record, self._words)

    def _wrong_phase(self, record: PipelineRecord | TaskRecord, wanted: str) -> rules.DevsError:
        return rules.wrong_phase(_kind(record), record.name, self._words[RunPhase(record.phase)], wanted)


def _kind(record: PipelineRecord | TaskRecord) -> str:
    return "Task" if isinstance(record, TaskRecord) else "Pipeline"


def _named(records: dict[str, _R], kind: str, name: str) -> _R:
    record = records.get(name)
    if record is None:
        raise rules.not_found(kind, name)
    return record


def _described(request: Json) -> tuple[str, dict[str, str]]:
    return str(request.get("description") or ""), dict(request.get("labels") or {})
