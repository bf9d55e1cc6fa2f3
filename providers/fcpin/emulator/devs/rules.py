"""What the Devs API accepts when a pipeline or a task is created."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fcpin.emulator.devs import errors
from fcpin.emulator.devs.model import Json

TEMPLATES = ("build-image-task", "serverless-runner-task")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


def check_pipeline(request: Json) -> Sequence[Json]:
    """The tasks of a pipeline that can be created. Raises InvalidArgument."""
    check_resource(request, "Pipeline")
    spec = _object(request, "spec")
    if spec.get("templateName"):
        raise errors.invalid("spec.templateName: the emulator has no pipeline templates; use spec.templateSpec")
    check_data(context_data(spec))
    template = _object(spec, "templateSpec")
    check_data(context_data(template))
    tasks = template.get("tasks")
    if not isinstance(tasks, list) or not tasks or not all(isinstance(task, dict) for task in tasks):
        raise errors.invalid("spec.templateSpec.tasks: expected a list of at least one task")
    for task in tasks:
        _check_task(task)
    runs_after = {str(task["name"]): run_afters(task) for task in tasks}
    if len(runs_after) < len(tasks):
        raise errors.invalid("spec.templateSpec.tasks: two tasks have one name")
    _check_order(runs_after)
    return tasks


def check_resource(request: Json, kind: str) -> None:
    """What every resource has. Raises InvalidArgument."""
    name = request.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise errors.invalid(f"name {name!r} is invalid: 1 to 128 letters, digits, '_', '.' and '-'")
    if request.get("kind", kind) != kind:
        raise errors.invalid(f"kind is {request['kind']!r}, expected {kind}")
    labels = request.get("labels") or {}
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise errors.invalid("labels must be an object of texts")


def check_template(name: Any) -> str:
    """Raises InvalidArgument."""
    if name not in TEMPLATES:
        raise errors.invalid(f"task template {name!r}: there is none of that name; known: {', '.join(TEMPLATES)}")
    return str(name)


def context_data(holder: Json) -> Json:
    """`context.data` of a specification. Raises InvalidArgument."""
    return _object(_object(holder, "context"), "data")


def check_data(data: Json) -> None:
    """Raises InvalidArgument where a part that tasks read has not its form."""
    for key in ("build", "warm", "runnerConfig", "webhookCodeContext"):
        _object(data, key)
    timeout = _object(data, "runnerConfig").get("timeout")
    if timeout is not None and (not isinstance(timeout, int | float) or timeout <= 0):
        raise errors.invalid(f"runnerConfig.timeout {timeout!r} is invalid: seconds")
    if not all(isinstance(step, dict) for step in data.get("steps") or ()):
        raise errors.invalid("steps: expected a list of objects")


def run_afters(task: Json) -> list[str]:
    """Names of the tasks that *task* waits for. Raises InvalidArgument."""
    given = task.get("runAfters") or []
    if not isinstance(given, list) or not all(isinstance(one, dict) and one.get("name") for one in given):
        raise errors.invalid(f"runAfters of task {task['name']}: expected a list of objects with a name, got {given}")
    return [str(one["name"]) for one in given]


def _check_task(task: Json) -> None:
    if not isinstance(task.get("name"), str) or not _NAME.fullmatch(task["name"]):
        raise errors.invalid(f"name {task.get('name')!r} of a task is invalid")
    check_template(task.get("taskTemplate"))
    check_data(context_data(task))


def _check_order(runs_after: Mapping[str, Sequence[str]]) -> None:
    for name, others in runs_after.items():
        for other in others:
            if other not in runs_after:
                raise errors.invalid(f"task {name} runs after {other}, which is no task of the pipeline")
    ready: set[str] = set()
    while more := {name for name, others in runs_after.items() if name not in ready and ready.issuperset(others)}:
        ready |= more
    if left := sorted(runs_after.keys() - ready):
        raise errors.invalid(f"tasks {', '.join(left)} run after one another")


def _object(holder: Json, key: str) -> Json:
    value = holder.get(key) or {}
    if not isinstance(value, dict):
        raise errors.invalid(f"{key}: expected an object")
    return value
