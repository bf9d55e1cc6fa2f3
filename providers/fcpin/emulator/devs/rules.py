"""What the Devs API accepts when a pipeline or a task is created, and its errors.

No document lists the codes of the errors: these are the emulator's own. Clients depend on the HTTP status.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fcpin.emulator.devs.model import Json
from fcpin.emulator.wire import ApiError, WireResponse

TEMPLATES = ("build-image-task", "serverless-runner-task")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


class DevsError(ApiError):
    """`{"code": …, "message": …, "requestId": …}`."""


def invalid(message: str) -> DevsError:
    return DevsError(400, "InvalidArgument", message)


def exists(kind: str, name: str) -> DevsError:
    """*kind*: Pipeline or Task."""
    return DevsError(409, f"{kind}AlreadyExists", f"{kind.lower()} '{name}' already exists")


def not_found(kind: str, name: str) -> DevsError:
    return DevsError(404, f"{kind}NotFound", f"{kind.lower()} '{name}' does not exist")


def wrong_phase(kind: str, name: str, phase: str, wanted: str) -> DevsError:
    return DevsError(409, f"Invalid{kind}Status", f"{kind.lower()} '{name}' is {phase}: it cannot be {wanted}")


def conflict(kind: str, name: str, version: int) -> DevsError:
    return DevsError(409, "ResourceVersionConflict", f"{kind.lower()} '{name}' has resourceVersion {version}")


def path_not_supported(method: str, path: str) -> DevsError:
    return DevsError(404, "InvalidAction.NotFound", f"the emulator does not have {method} {path}")


def response(error: ApiError, request_id: str) -> WireResponse:
    body = {"code": error.code, "message": error.message, "requestId": request_id}
    return WireResponse.of_json(body, error.status, {"x-acs-request-id": request_id, **error.headers})


def check_pipeline(request: Json) -> Sequence[Json]:
    """Check a pipeline and return its tasks. Raises InvalidArgument."""
    check_resource(request, "Pipeline")
    spec = _object(request, "spec")
    if spec.get("templateName"):
        raise invalid("spec.templateName: the emulator has no pipeline templates; use spec.templateSpec")
    check_data(context_data(spec))
    template = _object(spec, "templateSpec")
    check_data(context_data(template))
    tasks = template.get("tasks")
    if not isinstance(tasks, list) or not tasks or not all(isinstance(task, dict) for task in tasks):
        raise invalid("spec.templateSpec.tasks: expected a list of at least one task")
    for task in tasks:
        _check_task(task)
    runs_after = {str(task["name"]): run_afters(task) for task in tasks}
    if len(runs_after) < len(tasks):
        raise invalid("spec.templateSpec.tasks: two tasks have one name")
    _check_order(runs_after)
    return tasks


def check_resource(request: Json, kind: str) -> None:
    """Check the fields of every resource. Raises InvalidArgument."""
    name = request.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise invalid(f"name {name!r} is invalid: 1 to 128 letters, digits, '_', '.' and '-'")
    if request.get("kind", kind) != kind:
        raise invalid(f"kind is {request['kind']!r}, expected {kind}")
    labels = request.get("labels") or {}
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise invalid("labels: expected an object of strings")


def check_template(name: Any) -> str:
    """Raises InvalidArgument."""
    if name not in TEMPLATES:
        raise invalid(f"unknown task template {name!r}; known: {', '.join(TEMPLATES)}")
    return str(name)


def context_data(holder: Json) -> Json:
    """`context.data` of a specification. Raises InvalidArgument."""
    return _object(_object(holder, "context"), "data")


def check_data(data: Json) -> None:
    """Check the parts that tasks read. Raises InvalidArgument."""
    for key in ("build", "warm", "runnerConfig", "webhookCodeContext"):
        _object(data, key)
    timeout = _object(data, "runnerConfig").get("timeout")
    if timeout is not None and (not isinstance(timeout, int | float) or timeout <= 0):
        raise invalid(f"runnerConfig.timeout {timeout!r} is invalid: expected a number of seconds")
    if not all(isinstance(step, dict) for step in data.get("steps") or ()):
        raise invalid("steps: expected a list of objects")


def run_afters(task: Json) -> list[str]:
    """Names of the tasks that *task* waits for. Raises InvalidArgument."""
    given = task.get("runAfters") or []
    if not isinstance(given, list) or not all(isinstance(one, dict) and one.get("name") for one in given):
        raise invalid(f"runAfters of task {task['name']}: expected a list of objects with a name, got {given}")
    return [str(one["name"]) for one in given]


def _check_task(task: Json) -> None:
    if not isinstance(task.get("name"), str) or not _NAME.fullmatch(task["name"]):
        raise invalid(f"name {task.get('name')!r} of a task is invalid")
    check_template(task.get("taskTemplate"))
    check_data(context_data(task))


def _check_order(runs_after: Mapping[str, Sequence[str]]) -> None:
    for name, others in runs_after.items():
        for other in others:
            if other not in runs_after:
                raise invalid(f"task {name} runs after {other}, which is not a task of the pipeline")
    ready: set[str] = set()
    while more := {name for name, others in runs_after.items() if name not in ready and ready.issuperset(others)}:
        ready |= more
    if left := sorted(runs_after.keys() - ready):
        raise invalid(f"tasks {', '.join(left)} wait for each other in a circle")


def _object(holder: Json, key: str) -> Json:
    value = holder.get(key) or {}
    if not isinstance(value, dict):
        raise invalid(f"{key}: expected an object")
    return value
