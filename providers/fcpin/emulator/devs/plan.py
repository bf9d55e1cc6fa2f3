"""What a run of a task will do, and when: decided at its start, from its settings alone.

1. A task of `build-image-task` warms the base images one after the other, then builds and pushes.
2. `…_accelerated` in an Enterprise repository: the original is pushed, then the run waits until ACR has converted it.
3. What has not ended by the time-out fails then: 15 minutes in the default environment, `runnerConfig.timeout` in
   the dedicated one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fcpin.acr_hosts import acr_host, documented_acr_host
from fcpin.emulator.acr.model import Instance
from fcpin.emulator.devs.model import FINISHED, PASSED, Event, ExecError, InjectedFailure, Json, Phase, TaskRecord
from fcpin.emulator.fc.images import InvalidImage, Reference
from fcpin.emulator.knobs import Knobs


def movable(tasks: Sequence[TaskRecord]) -> Iterator[tuple[TaskRecord, Phase]]:
    """Pending tasks that need not wait, with the phase that they go to: running or skipped."""
    by_step = {task.step: task for task in tasks}
    for task in tasks:
        if task.phase != Phase.PENDING:
            continue
        before = [by_step.get(step) for step in task.run_afters]
        if not task.enabled or any(_is_lost(one) for one in before):
            yield task, Phase.SKIPPED
        elif all(one is not None and one.phase in PASSED for one in before):
            yield task, Phase.RUNNING


def outcome(tasks: Sequence[TaskRecord]) -> tuple[Phase, ExecError] | None:
    """How the pipeline ended, or None while a task has not."""
    if any(task.phase not in FINISHED for task in tasks):
        return None
    failed = next((task for task in tasks if task.phase not in PASSED), None)
    if failed is None:
        return Phase.SUCCESS, ExecError()
    title = f"task {failed.step} {failed.phase}"
    return Phase(failed.phase), ExecError(failed.error.code, failed.error.message, title)


def _is_lost(task: TaskRecord | None) -> bool:
    """Whether what waits for *task* waits in vain: it failed, or was itself skipped for a failure."""
    if task is None:
        return False
    return task.phase in (Phase.FAILED, Phase.CANCELED) or (task.phase == Phase.SKIPPED and task.enabled)


_VPC = ("vpcId", "vSwitchIds", "securityGroupId")


def is_enterprise(host: str) -> bool:
    acr = documented_acr_host(host)
    return acr is not None and acr.edition == "enterprise"


def has_vpc(runner: Json) -> bool:
    """Whether a dedicated environment is inside a VPC."""
    return all((runner.get("vpcConfig") or {}).get(key) for key in _VPC)


def refusal(build: Json, runner: Json, instances: Sequence[Instance]) -> ExecError | None:
    """Why an environment cannot do this build, or None. *runner* is empty for the default environment."""
    try:
        host = Reference.parse(str(build.get("image") or "")).host
    except InvalidImage as error:
        return ExecError("InvalidImage", str(error))
    if is_enterprise(host):
        return _enterprise(host, str(build.get("instanceID") or ""), runner, instances)
    if acr_host(host) is None:
        return ExecError("InvalidImage", f"image {build['image']}: {host} is no host of ACR")
    return None


def unmounted(cache: str, runner: Json) -> ExecError | None:
    """Why *cache* cannot be used as a directory for base images, or None."""
    mounts = (runner.get("nasConfig") or {}).get("mountPoints") or []
    folders = [str(mount.get("mountDir")).rstrip("/") for mount in mounts]
    if not cache or any(cache == folder or cache.startswith(f"{folder}/") for folder in folders):
        return None
    return ExecError("InvalidCacheDir", f"cacheDir {cache} is on no NAS mount point of runnerConfig")


def _enterprise(host: str, instance_id: str, runner: Json, instances: Sequence[Instance]) -> ExecError | None:
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
"""For each base image that is brought into a cache."""
_CONVERSION_SECONDS = 0.2
"""From the push of an image to its accelerated one in ACR Enterprise."""


@dataclass(frozen=True, slots=True)
class BuildContext:
    """What a run depends on besides its task."""

    knobs: Knobs
    instances: Sequence[Instance]


def happens_to(trouble: InjectedFailure, data: Json) -> bool:
    """Whether this task is one that *trouble* can befall."""
    build = data.get("build")
    if not isinstance(build, dict):
        return False
    match trouble.kind:
        case "vpc":
            return has_vpc(_runner(data))
        case "stuck-conversion" | "failed-conversion":
            return _is_converted(str(build.get("image")))
        case _:
            return True


def plan(task: TaskRecord, start: float, around: BuildContext, trouble: InjectedFailure | None) -> list[Event]:
    """The events of a run that begins at *start*; the last one is its end."""
    steps = _build_image if task.template == "build-image-task" else _run_steps
    timeout = float(_runner(task.data).get("timeout") or _DEFAULT_TIMEOUT)
    events = [event for event in steps(task.data, start, around, trouble) if event.due <= start + timeout]
    if not events or events[-1].kind not in ("success", "failure"):
        events.append(Event(start + timeout, "failure", f"not finished after {timeout:g} s", "TaskTimeout"))
    return events


def _runner(data: Json) -> Json:
    return data.get("runnerConfig") or {}


def _build_image(data: Json, now: float, around: BuildContext, trouble: InjectedFailure | None) -> Iterator[Event]:
    runner, warm = _runner(data), data.get("warm") or {}
    if warm:
        if refused := unmounted(str(warm.get("cacheDir") or ""), runner):
            yield Event(now, "failure", refused.message, refused.code)
            return
        for image in warm.get("images") or ():
            now += _WARM_SECONDS
            yield Event(now, "log", f"warmed {image} in {warm.get('cacheDir')}")
    if build := data.get("build"):
        yield from _build(build, data, now, around, trouble)
    else:
        yield Event(now, "success", "finished")


def _build(
    build: Json, data: Json, now: float, around: BuildContext, trouble: InjectedFailure | None
) -> Iterator[Event]:
    runner, kind = _runner(data), trouble.kind if trouble else ""
    cache = unmounted(str(build.get("cacheDir") or ""), runner)
    if refused := refusal(build, runner, around.instances) or cache:
        yield Event(now, "failure", refused.message, refused.code)
        return
    if kind == "hang":
        return
    now += around.knobs.build_seconds
    if trouble and kind in ("fail", "vpc"):
        yield from (Event(now, "log", line) for line in trouble.log.splitlines())
        yield Event(now, "failure", trouble.message, trouble.code)
        return
    image = str(build["image"])
    original = image.removesuffix(ACCELERATED) if _is_converted(image) else image
    content = _content(build, data, original)
    pushed = f"{content} and something else" if kind == "digest" else content
    yield Event(now, "push", original, content=pushed, reported=content)
    if original != image:
        yield from _convert(image, content, now, trouble)
    else:
        yield Event(now, "success", "finished")


def _convert(image: str, content: str, now: float, trouble: InjectedFailure | None) -> Iterator[Event]:
    yield Event(now, "log", f"waiting for {image}")
    if trouble and trouble.kind == "stuck-conversion":
        return
    now += _CONVERSION_SECONDS
    if trouble and trouble.kind == "failed-conversion":
        yield Event(now, "failure", trouble.message, trouble.code)
        return
    yield Event(now, "push", image, content=f"{content} accelerated", reported=f"{content} accelerated")
    yield Event(now, "success", "finished")


def _run_steps(data: Json, now: float, around: BuildContext, trouble: InjectedFailure | None) -> Iterator[Event]:  # noqa: ARG001 - as _build_image
    for step in data.get("steps") or ():
        yield Event(now, "log", f"step {step.get('plugin') or step.get('run') or step}: nothing is done")
    yield Event(now, "success", "finished")


def _content(build: Json, data: Json, image: str) -> str:
    """What makes an image what it is: equal content, equal digest."""
    commit = (data.get("webhookCodeContext") or {}).get("commitID") or Reference.parse(image).tag
    dockerfile = build.get("dockerfile") or "./Dockerfile"
    return f"{dockerfile} in {build.get('context') or 'its folder'} of {commit}"


def _is_converted(image: str) -> bool:
    """Whether ACR makes this one out of the one that is pushed."""
    return image.endswith(ACCELERATED) and is_enterprise(image.partition("/")[0])
