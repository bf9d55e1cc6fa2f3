"""What a pipeline of Serverless Devs builds, warms and runs where, as values.

Facts: https://help.aliyun.com/zh/functioncompute/build-an-image-and-push-it-to-an-image-repository
Every value knows its property path in the document, for messages about it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

BUILD_TEMPLATE: Final = "build-image-task"
RUNNER_TEMPLATE: Final = "serverless-runner-task"
TEMPLATES: Final = (BUILD_TEMPLATE, RUNNER_TEMPLATE)
DEFAULT_DOCKERFILE: Final = "./Dockerfile"


@dataclass(frozen=True, slots=True)
class Build:
    """Build an image of the code repository and push it."""

    path: str
    image: str
    """`host/namespace/name:tag`, with variables as they are written."""
    dockerfile: str = DEFAULT_DOCKERFILE
    """Relative to the code repository."""
    context: str = ""
    """The folder that is built; empty for the Dockerfile's."""
    cache_dir: str = ""
    instance_id: str = ""
    """Of ACR Enterprise: `cri-…`; empty for ACR Personal."""


@dataclass(frozen=True, slots=True)
class Warm:
    """Pull base images into a cache on NAS."""

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
    """That a task waits for another one."""

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Task:
    """One step of a pipeline."""

    path: str
    name: str
    template: str
    enable: bool
    """Off unless the document says so."""
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
    """Whether the document is a list of tasks without the pipeline around them."""

    @property
    def builds(self) -> Sequence[Build]:
        """What the tasks that are on push."""
        return tuple(task.build for task in self.tasks if task.enable and task.build)
