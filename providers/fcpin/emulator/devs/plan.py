"""What a run of a task will do, and when: decided at its start, from its settings alone.

1. A task of `build-image-task` warms the base images one after the other, then builds and pushes.
2. `…_accelerated` in an Enterprise repository: the original is pushed, then the run waits until ACR has converted it.
3. What has not ended by the time-out fails then: 15 minutes in the default environment, `runnerConfig.timeout` in
   the dedicated one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fcpin.emulator.acr.model import Instance
from fcpin.emulator.devs import access
from fcpin.emulator.devs.model import Event, Json, TaskRecord, Trouble
from fcpin.emulator.fc.images import Reference
from fcpin.emulator.knobs import Knobs

ACCELERATED = "_accelerated"
_DEFAULT_TIMEOUT = 900.0
_WARM_SECONDS = 0.1
"""For each base image that is brought into a cache."""
_CONVERSION_SECONDS = 0.2
"""From the push of an image to its accelerated one in ACR Enterprise."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run depends on beside its task."""

    knobs: Knobs
    instances: Sequence[Instance]


def happens_to(trouble: Trouble, data: Json) -> bool:
    """Whether this task is one that *trouble* can befall."""
    build = data.get("build")
    if not isinstance(build, dict):
        return False
    match trouble.kind:
        case "vpc":
            return access.has_vpc(_runner(data))
        case "stuck-conversion" | "failed-conversion":
            return _is_converted(str(build.get("image")))
        case _:
            return True


def plan(task: TaskRecord, start: float, around: Surroundings, trouble: Trouble | None) -> list[Event]:
    """The events of a run that begins at *start*; the last one is its end."""
    steps = _build_image if task.template == "build-image-task" else _run_steps
    timeout = float(_runner(task.data).get("timeout") or _DEFAULT_TIMEOUT)
    events = [event for event in steps(task.data, start, around, trouble) if event.due <= start + timeout]
    if not events or events[-1].kind not in ("success", "failure"):
        events.append(Event(start + timeout, "failure", f"not finished after {timeout:g} s", "TaskTimeout"))
    return events


def _runner(data: Json) -> Json:
    return data.get("runnerConfig") or {}


def _build_image(data: Json, now: float, around: Surroundings, trouble: Trouble | None) -> Iterator[Event]:
    runner, warm = _runner(data), data.get("warm") or {}
    if warm:
        if refused := access.unmounted(str(warm.get("cacheDir") or ""), runner):
            yield Event(now, "failure", refused.message, refused.code)
            return
        for image in warm.get("images") or ():
            now += _WARM_SECONDS
            yield Event(now, "log", f"warmed {image} in {warm.get('cacheDir')}")
    if build := data.get("build"):
        yield from _build(build, data, now, around, trouble)
    else:
        yield Event(now, "success", "finished")


def _build(build: Json, data: Json, now: float, around: Surroundings, trouble: Trouble | None) -> Iterator[Event]:
    runner, kind = _runner(data), trouble.kind if trouble else ""
    cache = access.unmounted(str(build.get("cacheDir") or ""), runner)
    if refused := access.refusal(build, runner, around.instances) or cache:
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


def _convert(image: str, content: str, now: float, trouble: Trouble | None) -> Iterator[Event]:
    yield Event(now, "log", f"waiting for {image}")
    if trouble and trouble.kind == "stuck-conversion":
        return
    now += _CONVERSION_SECONDS
    if trouble and trouble.kind == "failed-conversion":
        yield Event(now, "failure", trouble.message, trouble.code)
        return
    yield Event(now, "push", image, content=f"{content} accelerated", reported=f"{content} accelerated")
    yield Event(now, "success", "finished")


def _run_steps(data: Json, now: float, around: Surroundings, trouble: Trouble | None) -> Iterator[Event]:  # noqa: ARG001 - as _build_image
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
    return image.endswith(ACCELERATED) and access.is_enterprise(image.partition("/")[0])
