"""A pipeline document of Serverless Devs as values, and what is found about it.

Source: https://help.aliyun.com/zh/functioncompute/build-an-image-and-push-it-to-an-image-repository
Every value has its property path in the document, for messages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fcpin.image import AcrHost, documented_acr_host

BUILD_TEMPLATE: Final = "build-image-task"
RUNNER_TEMPLATE: Final = "serverless-runner-task"
TEMPLATES: Final = (BUILD_TEMPLATE, RUNNER_TEMPLATE)
DEFAULT_DOCKERFILE: Final = "./Dockerfile"


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


def host_of(image: str) -> AcrHost | None:
    """Return the ACR host of *image*; None for other registries."""
    return documented_acr_host(image.partition("/")[0])


@dataclass(frozen=True, slots=True)
class Build:
    """Build an image of the code repository and push it."""

    path: str
    image: str
    """`host/namespace/name:tag`, with variables as they are written."""
    dockerfile: str = DEFAULT_DOCKERFILE
    """Relative to the code repository."""
    context: str = ""
    """The folder to build; empty for that of the Dockerfile."""
    cache_dir: str = ""
    instance_id: str = ""
    """Of ACR Enterprise: `cri-…`; empty for ACR Personal."""


@dataclass(frozen=True, slots=True)
class Warm:
    """Pull base images to a cache on NAS."""

    path: str
    images: Sequence[str]
    cache_dir: str = ""
    instance_id: str = ""


@dataclass(frozen=True, slots=True)
class Vpc:
    """The network of the dedicated environment."""

    path: str
    vpc_id: str
    v_switch_ids: Sequence[str]
    security_group_id: str


@dataclass(frozen=True, slots=True)
class MountPoint:
    """A folder of NAS."""

    path: str
    mount_dir: str
    server_addr: str
    """`<id>.<region>.nas.aliyuncs.com:/folder`."""


@dataclass(frozen=True, slots=True)
class RunnerConfig:
    """The dedicated environment: a function of the user's own account that runs the tasks."""

    path: str
    region_id: str = ""
    log: tuple[str, str] = ("", "")
    """Project and logstore of SLS."""
    vpc: Vpc | None = None
    mount_points: Sequence[MountPoint] = ()
    cpu: float | None = None
    memory: float | None = None
    """MB."""
    disk_size: float | None = None
    """MB."""
    timeout: float | None = None
    """Seconds."""


@dataclass(frozen=True, slots=True)
class After:
    """A task that another one waits for."""

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Task:
    """One step of a pipeline."""

    path: str
    name: str
    template: str
    enable: bool
    """False if the document does not set it."""
    run_afters: Sequence[After] = ()
    build: Build | None = None
    warm: Warm | None = None
    runner: RunnerConfig | None = None
    """Where it runs; None for the default environment."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The tasks of one document."""

    name: str
    tasks: Sequence[Task]
    is_bare: bool = False
    """Whether the document is a list of tasks without a pipeline around it."""

    @property
    def builds(self) -> Sequence[Build]:
        """The builds of enabled tasks."""
        return tuple(task.build for task in self.tasks if task.enable and task.build)
