"""A pipeline document of Serverless Devs: its model, and a reader that reports every problem with its path.

Source: https://help.aliyun.com/zh/functioncompute/build-an-image-and-push-it-to-an-image-repository
Unknown keys are left to the API.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar

from msgspec import inspect

from fcpin.acr_hosts import AcrHost, documented_acr_host
from fcpin.errors import Problem
from fcpin.fc.runtime_config import wire_name
from fcpin.models import Model, Text, about, fields_of, read_or_note, unwrapped
from fcpin.pipelines.variables import NAME_TEMPLATE

BUILD_TEMPLATE: Final = "build-image-task"
RUNNER_TEMPLATE: Final = "serverless-runner-task"
TEMPLATES: Final = (BUILD_TEMPLATE, RUNNER_TEMPLATE)
RUNNER: Final = "runnerConfig"

_RUNNER_ONLY: Final = ("cpu", "memory", "diskSize", "timeout", "vpcConfig", "nasConfig", "logConfig", "regionId")
"""Keys of `runnerConfig` that have no effect elsewhere."""
_NEAR: Final = 0.75
_KEYS: Final = {"instance_id": "instanceID", "runner": RUNNER}


class Part(Model, forbid_unknown_fields=False, rename=lambda name: _KEYS.get(name) or wire_name(name)):
    """A mapping of a document, with keys in camel case. Other keys than these are possible."""


class Build(Part):
    """Build an image of the code repository and push it."""

    image: Annotated[Text, about("With variables.", example="registry.<region>.aliyuncs.com/namespace/name:tag")]
    dockerfile: str | None = None
    context: str | None = None
    cache_dir: str | None = None
    instance_id: str | None = None


class Warm(Part):
    """Pull base images to a cache on NAS."""

    images: tuple[Text, ...] | None = None
    cache_dir: str | None = None
    instance_id: str | None = None


class Vpc(Part):
    """The network of the dedicated environment."""

    vpc_id: Text
    v_switch_ids: tuple[Text, ...] | None = None
    security_group_id: Text


class MountPoint(Part):
    """A folder of NAS."""

    mount_dir: Annotated[Text, about("Where tasks see it.", example="/mnt/image-cache")]
    server_addr: Annotated[Text, about("The folder.", example="<id>.<region>.nas.aliyuncs.com:/<folder>")]
    enable_tls: Any = None


class Nas(Part):
    group_id: Any = None
    user_id: Any = None
    mount_points: tuple[MountPoint, ...] | None = None


class Log(Part):
    """Where SLS keeps the log of the build."""

    project: str | None = None
    logstore: str | None = None


class RunnerConfig(Part):
    """The dedicated environment: a function of the user's own account that runs the tasks."""

    region_id: Annotated[Text, about("Where the tasks run.", example="cn-hangzhou")]
    log_config: Log | None = None
    vpc_config: Vpc | None = None
    nas_config: Nas | None = None
    cpu: float | None = None
    memory: float | None = None
    """MB."""
    disk_size: float | None = None
    """MB."""
    timeout: float | None = None
    """Seconds."""

    @property
    def mount_points(self) -> Sequence[MountPoint]:
        return (self.nas_config and self.nas_config.mount_points) or ()


class TaskData(Part):
    display_name: Any = None
    enable: bool | None = None
    """Absent means disabled."""
    build: Build | None = None
    warm: Warm | None = None
    runner: RunnerConfig | None = None
    env_vars: Any = None
    steps: Any = None


class TaskContext(Part):
    data: TaskData | None = None


class After(Part):
    """A task that another one waits for."""

    name: Text


class Task(Part):
    name: Text
    context: TaskContext | None = None
    task_template: Annotated[Text, about("What kind of task it is.", example=BUILD_TEMPLATE)]
    run_afters: tuple[str | After, ...] | None = None

    @property
    def data(self) -> TaskData:
        return (self.context and self.context.data) or TaskData()


class TemplateSpec(Part):
    context: Any = None
    tasks: tuple[Any, ...] | None = None


class PipelineSpec(Part):
    context: Any = None
    template_spec: TemplateSpec | None = None
    template_name: str | None = None


class PipelineDocument(Part):
    """The outer mappings; tasks and environments are read one by one, so that each is checked if others are invalid."""

    kind: Literal["Pipeline"]
    name: Annotated[Text, about("Unique in the account.", example=NAME_TEMPLATE)]
    description: Any = None
    labels: Any = None
    spec: PipelineSpec | None = None


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Finding:
    """An error, which keeps the pipeline from running, or a warning."""

    severity: Literal["error", "warning"]
    path: str
    """A property path; empty for the whole document."""
    reason: str


def error(path: str, reason: str) -> Finding:
    return Finding("error", path, reason)


def warning(path: str, reason: str) -> Finding:
    return Finding("warning", path, reason)


class Environment(NamedTuple):
    """A dedicated environment and where it is."""

    path: str
    config: RunnerConfig | None
    """None if it is invalid, so that nothing is concluded from it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A valid task of a document, with the environment that it runs in."""

    path: str
    task: Task
    environment: Environment | None
    """None for the default environment."""

    @property
    def name(self) -> str:
        return self.task.name

    @property
    def is_enabled(self) -> bool:
        return bool(self.task.data.enable)

    @property
    def data_path(self) -> str:
        return f"{self.path}.context.data"

    @property
    def run_afters(self) -> Iterator[tuple[str, str]]:
        """Path and name of each task that this one waits for; both forms: `[a]` and `[{name: a}]`."""
        for index, after in enumerate(self.task.run_afters or ()):
            path = f"{self.path}.runAfters[{index}]"
            yield (f"{path}.name", after.name) if isinstance(after, After) else (path, after)


class PushedImage(NamedTuple):
    """An image that an enabled task pushes."""

    path: str
    image: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The valid tasks of one document."""

    name: str
    steps: Sequence[Step]
    is_complete: bool
    """Whether every task is valid."""
    is_bare: bool = False
    """Whether the document is a list of tasks without a pipeline around it."""

    @property
    def pushed(self) -> Sequence[PushedImage]:
        return tuple(
            PushedImage(f"{step.data_path}.build.image", step.task.data.build.image)
            for step in self.steps
            if step.is_enabled and step.task.data.build
        )


def host_of(image: str) -> AcrHost | None:
    """Return the ACR host of *image*; None for other registries."""
    return documented_acr_host(image.partition("/")[0])


def read(tree: object, found: list[Finding]) -> Pipeline:
    """Return the pipeline of *tree*, or of a bare list of tasks; add what is wrong with its form to *found*."""
    if isinstance(tree, Sequence) and not isinstance(tree, str):
        return _with_steps("", tree, "", None, found, is_bare=True)
    document = _read(PipelineDocument, tree, "", found)
    if not isinstance(tree, Mapping):
        return Pipeline("", (), is_complete=False)
    spec = _mapping(tree.get("spec"))
    template = _mapping(spec.get("templateSpec"))
    environment = None
    for path, holder in (("spec", spec), ("spec.templateSpec", template)):
        found += _misplaced(holder, path)
        environment = _environment(holder, path, found) or environment
    tasks = template.get("tasks")
    items = tasks if isinstance(tasks, Sequence) and not isinstance(tasks, str) else ()
    if document is not None and not items and not spec.get("templateName"):
        found.append(error("spec.templateSpec.tasks", "has no task; a pipeline needs one"))
    name = document.name if document else ""
    return _with_steps(name, items, "spec.templateSpec.tasks", environment, found)


def _with_steps(
    name: str,
    items: Sequence[object],
    path: str,
    inherited: Environment | None,
    found: list[Finding],
    *,
    is_bare: bool = False,
) -> Pipeline:
    steps = []
    for index, item in enumerate(items):
        here = f"{path}[{index}]"
        task = _read(Task, item, here, found)
        if task is not None:
            if task.data.build or task.data.warm:
                found += _misplaced(_mapping(item), here)
            own = Environment(f"{here}.context.data.{RUNNER}", task.data.runner) if task.data.runner else None
            steps.append(Step(here, task, own or inherited))
    return Pipeline(name, tuple(steps), is_complete=len(steps) == len(items), is_bare=is_bare)


def _environment(holder: Mapping[str, Any], path: str, found: list[Finding]) -> Environment | None:
    data = _data_of(holder)
    if data.get(RUNNER) is None:
        return None
    here = f"{path}.context.data.{RUNNER}"
    return Environment(here, _read(RunnerConfig, data[RUNNER], here, found))


def _misplaced(holder: Mapping[str, Any], path: str) -> Iterator[Finding]:
    for key in _RUNNER_ONLY:
        if _data_of(holder).get(key) is not None:
            yield error(
                f"{path}.context.data.{key}",
                f"has no effect here: the default environment has 10 GB and 15 minutes; move it to {RUNNER}",
            )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _data_of(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(_mapping(holder.get("context")).get("data"))


def _read(model: type[P], value: object, path: str, found: list[Finding]) -> P | None:
    problems: list[Problem] = []
    part = read_or_note(model, value, path, problems)
    found += (error(problem.path, problem.reason) for problem in problems)
    found += _misspelt(inspect.type_info(model), value, path)
    return part


def _misspelt(kind: inspect.Type, value: object, path: str) -> Iterator[Finding]:
    """Unknown keys that are close to a known one. Others are for the API to check."""
    kind = unwrapped(kind)[0]
    if isinstance(kind, inspect.StructType) and isinstance(value, Mapping):
        fields = fields_of(kind.cls)
        for key, item in value.items():
            here = f"{path}.{key}" if path else str(key)
            if key in fields:
                yield from _misspelt(fields[key].type, item, here)
            elif near := difflib.get_close_matches(str(key), fields, n=1, cutoff=_NEAR):
                yield warning(here, f"unknown key; did you mean {near[0]}?")
    elif isinstance(kind, inspect.VarTupleType) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _misspelt(kind.item_type, item, f"{path}[{index}]")
