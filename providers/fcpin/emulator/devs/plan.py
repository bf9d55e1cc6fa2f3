"""The events of a run of a task, computed at its start from the task's settings alone.

1. A task of `build-image-task` warms the base images in sequence, then builds and pushes.
2. `…_accelerated` in an Enterprise repository: the original is pushed, then the run waits until ACR has converted it.
3. A run that is not finished fails at its time-out: 15 minutes in the default environment, `runnerConfig.timeout`
   in the dedicated one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fcpin.acr_hosts import acr_host, documented_acr_host
from fcpin.emulator.acr.model import AcrInstance
from fcpin.emulator.devs.model import (
    FINISHED,
    PASSED,
    ExecError,
    InjectedFailure,
    Json,
    RunPhase,
    TaskEvent,
    TaskRecord,
)
from fcpin.emulator.fc.images import Reference, UnrunnableImage
from fcpin.emulator.knobs import Knobs


def movable(tasks: Sequence[TaskRecord]) -> Iterator[tuple[TaskRecord, RunPhase]]:
    """Pending tasks that need not wait, with their next phase: running or skipped."""
    by_step = {task.step: task for task in tasks}
    for task in tasks:
        if task.phase != RunPhase.PENDING:
            continue
        before = [by_step.get(step) for step in task.run_afters]
        if not task.enabled or any(_is_lost(one) for one in before):
            yield task, RunPhase.SKIPPED
        elif all(one is not None and one.phase in PASSED for one in before):
            yield task, RunPhase.RUNNING


def outcome(tasks: Sequence[TaskRecord]) -> tuple[RunPhase, ExecError] | None:
    """Final phase and error of a pipeline, or None while a task is not finished."""
    if any(task.phase not in FINISHED for task in tasks):
        return None
    failed = next((task for task in tasks if task.phase not in PASSED), None)
    if failed is None:
        return RunPhase.SUCCESS, ExecError()
    title = f"task {failed.step} {failed.phase}"
    return RunPhase(failed.phase), ExecError(failed.error.code, failed.error.message, title)


def _is_lost(task: TaskRecord | None) -> bool:
    """Whether *task* failed, or was skipped because of a failure."""
    if task is None:
        return False
    return task.phase in (RunPhase.FAILED, RunPhase.CANCELED) or (task.phase == RunPhase.SKIPPED and task.enabled)


_VPC = ("vpcId", "vSwitchIds", "securityGroupId")


def is_enterprise(host: str) -> bool:
    acr = documented_acr_host(host)
    return acr is not None and acr.edition == "enterprise"


def has_vpc(runner: Json) -> bool:
    """Whether a dedicated environment is inside a VPC."""
    return all((runner.get("vpcConfig") or {}).get(key) for key in _VPC)


def environment_error(build: Json, runner: Json, instances: Sequence[AcrInstance]) -> ExecError | None:
    """Why an environment cannot run this build, or None. *runner* is empty for the default environment."""
    try:
        host = Reference.parse(str(build.get("image") or "")).host
    except UnrunnableImage as error:
        return ExecError("InvalidImage", str(error))
    if is_enterprise(host):
        return _enterprise(host, str(build.get("instanceID") or ""), runner, instances)
    if acr_host(host) is None:
        return ExecError("InvalidImage", f"image {build['image']}: {host} is not a host of ACR")
    return None


def cache_error(cache: str, runner: Json) -> ExecError | None:
    """Why *cache* cannot be a directory for base images, or None."""
    mounts = (runner.get("nasConfig") or {}).get("mountPoints") or []
    folders = [str(mount.get("mountDir")).rstrip("/") for mount in mounts]
    if not cache or any(cache == folder or cache.startswith(f"{folder}/") for folder in folders):
        return None
    return ExecError("InvalidCacheDir", f"cacheDir {cache} is on no NAS mount point of runnerConfig")


def _enterprise(host: str, instance_id: str, runner: Json, instances: Sequence[AcrInstance]) -> ExecError | None:
    if not has_vpc(runner):
        where = "the dedicated environment without a VPC" if runner else "the default environment"
        return ExecError("RegistryUnreachable", f"{host} cannot be reached from {where}")
    if not instance_id:
        return ExecError("MissingInstanceID", f"{host} is an Enterprise registry: instanceID is required")
    acr = documented_acr_host(host)
    for instance in instances:
        if instance.id == instance_id and acr is not None and instance.host() in acr.hosts:
            return None
    return ExecError("InstanceNotExist", f"there is no instance {instance_id} with the registry {host}")


ACCELERATED = "_accelerated"
_DEFAULT_TIMEOUT = 900.0
_WARM_SECONDS = 0.1
"""For each base image that is written to a cache."""
_CONVERSION_SECONDS = 0.2
"""From the push of an image to its accelerated one in ACR Enterprise."""


@dataclass(frozen=True, slots=True)
class BuildContext:
    """The inputs of a run apart from its task."""

    knobs: Knobs
    instances: Sequence[AcrInstance]


def applies_to(failure: InjectedFailure, data: Json) -> bool:
    """Whether the failure applies to a task with this data."""
    build = data.get("build")
    if not isinstance(build, dict):
        return False
    match failure.kind:
        case "vpc":
            return has_vpc(_runner(data))
        case "stuck-conversion" | "failed-conversion":
            return _is_converted(str(build.get("image")))
        case _:
            return True


def plan(task: TaskRecord, start: float, context: BuildContext, failure: InjectedFailure | None) -> list[TaskEvent]:
    """The events of a run that starts at *start*; the last one is its end."""
    steps = _build_image if task.template == "build-image-task" else _run_steps
    timeout = float(_runner(task.data).get("timeout") or _DEFAULT_TIMEOUT)
    events = [event for event in steps(task.data, start, context, failure) if event.due <= start + timeout]
    if not events or events[-1].kind not in ("success", "failure"):
        events.append(TaskEvent(start + timeout, "failure", f"not finished after {timeout:g} s", "TaskTimeout"))
    return events


def _runner(data: Json) -> Json:
    return data.get("runnerConfig") or {}


def _build_image(data: Json, now: float, context: BuildContext, failure: InjectedFailure | None) -> Iterator[TaskEvent]:
    runner, warm = _runner(data), data.get("warm") or {}
    if warm:
        if error := cache_error(str(warm.get("cacheDir") or ""), runner):
            yield TaskEvent(now, "failure", error.message, error.code)
            return
        for image in warm.get("images") or ():
            now += _WARM_SECONDS
            yield TaskEvent(now, "log", f"warmed {image} in {warm.get('cacheDir')}")
    if build := data.get("build"):
        yield from _build(build, data, now, context, failure)
    else:
        yield TaskEvent(now, "success", "finished")


def _build(
    build: Json, data: Json, now: float, context: BuildContext, failure: InjectedFailure | None
) -> Iterator[TaskEvent]:
    runner, kind = _runner(data), failure.kind if failure else ""
    cache = cache_error(str(build.get("cacheDir") or ""), runner)
    if error := environment_error(build, runner, context.instances) or cache:
        yield TaskEvent(now, "failure", error.message, error.code)
        return
    if kind == "hang":
        return
    now += context.knobs.build_seconds
    if failure and kind in ("fail", "vpc"):
        yield from (TaskEvent(now, "log", line) for line in failure.log.splitlines())
        yield TaskEvent(now, "failure", failure.message, failure.code)
        return
    image = str(build["image"])
    original = image.removesuffix(ACCELERATED) if _is_converted(image) else image
    content = _content(build, data, original)
    pushed = f"{content} and something else" if kind == "digest" else content
    yield TaskEvent(now, "push", original, content=pushed, reported=content)
    if original != image:
        yield from _convert(image, content, now, failure)
    else:
        yield TaskEvent(now, "success", "finished")


def _convert(image: str, content: str, now: float, failure: InjectedFailure | None) -> Iterator[TaskEvent]:
    yield TaskEvent(now, "log", f"waiting for {image}")
    if failure and failure.kind == "stuck-conversion":
        return
    now += _CONVERSION_SECONDS
    if failure and failure.kind == "failed-conversion":
        yield TaskEvent(now, "failure", failure.message, failure.code)
        return
    yield TaskEvent(now, "push", image, content=f"{content} accelerated", reported=f"{content} accelerated")
    yield TaskEvent(now, "success", "finished")


def _run_steps(data: Json, now: float, context: BuildContext, failure: InjectedFailure | None) -> Iterator[TaskEvent]:  # noqa: ARG001 - as _build_image
    for step in data.get("steps") or ():
        yield TaskEvent(now, "log", f"step {step.get('plugin') or step.get('run') or step}: nothing is done")
    yield TaskEvent(now, "success", "finished")


def _content(build: Json, data: Json, image: str) -> str:
    """The content of an image; equal content has an equal digest."""
    commit = (data.get("webhookCodeContext") or {}).get("commitID") or Reference.parse(image).tag
    dockerfile = build.get("dockerfile") or "./Dockerfile"
    return f"{dockerfile} in {build.get('context') or 'its folder'} of {commit}"


def _is_converted(image: str) -> bool:
    """Whether ACR makes this image by converting the one that is pushed."""
    return image.endswith(ACCELERATED) and is_enterprise(image.partition("/")[0])
