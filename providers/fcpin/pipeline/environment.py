"""The limits of the default environment: what it cannot do, and that the dedicated one can.

The default environment has 10 GB of disk and 15 minutes for a build, no fixed address, and no way to ACR Enterprise.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from fcpin.pipeline.finding import Finding, error, warning
from fcpin.pipeline.images import host_of
from fcpin.pipeline.model import Build, RunnerConfig, Task, Warm

DEFAULT_SECONDS: Final = 900
_DEDICATED: Final = "use the dedicated environment: give runnerConfig"


def judge(task: Task, *, is_bare: bool) -> Iterator[Finding]:
    """What *task* asks of its environment that the environment does not have.

    Of a bare task nobody can tell where it runs: what is missing is only a warning.
    """
    found = [*_enterprise(task), *(_cache(part, task.runner) for part in (task.build, task.warm) if part)]
    for each in filter(None, found):
        if is_bare and task.runner is None:
            yield warning(each.path, f"put it into a pipeline that can: {each.reason}")
        else:
            yield each


def _enterprise(task: Task) -> Iterator[Finding]:
    if task.build is not None and task.build.image:
        yield from _build_for_enterprise(task.build, task.runner)
    if task.warm is not None:
        for index, image in enumerate(task.warm.images):
            host = host_of(image)
            if host is not None and host.edition == "enterprise":
                yield from _needs(
                    task.warm.instance_id, task.warm.path, f"{task.warm.path}.images[{index}]", task.runner
                )
        if task.warm.instance_id:
            yield from _reach(f"{task.warm.path}.instanceID", task.runner)


def _build_for_enterprise(build: Build, runner: RunnerConfig | None) -> Iterator[Finding]:
    host = host_of(build.image)
    if host is not None and host.edition == "enterprise":
        yield from _needs(build.instance_id, build.path, f"{build.path}.image", runner)
    elif build.instance_id:
        yield from _reach(f"{build.path}.instanceID", runner)
        if host is not None:
            yield error(f"{build.path}.instanceID", "is of ACR Enterprise, but the image is of ACR Personal; drop one")


def _needs(instance_id: str, holder: str, path: str, runner: RunnerConfig | None) -> Iterator[Finding]:
    yield from _reach(path, runner)
    if not instance_id:
        yield error(f"{holder}.instanceID", "is missing; ACR Enterprise wants the id of the instance, cri-…")


def _reach(path: str, runner: RunnerConfig | None) -> Iterator[Finding]:
    what = "the default environment cannot reach ACR Enterprise (it has no fixed address)"
    if runner is None:
        yield error(path, f"{what}; {_DEDICATED} with a vpcConfig that the instance lets in")
    elif runner.vpc is None:
        yield error(path, f"ACR Enterprise is reached from a VPC only; give {runner.path}.vpcConfig")


def _cache(part: Build | Warm, runner: RunnerConfig | None) -> Finding | None:
    path = f"{part.path}.cacheDir"
    if not part.cache_dir:
        if isinstance(part, Warm):
            return error(path, "is missing; say where base images are cached: a folder on NAS")
        return None
    if runner is None:
        return error(path, f"the default environment has no NAS to cache on; {_DEDICATED} with a nasConfig")
    if not runner.mount_points:
        return error(path, f"nothing is mounted there; give {runner.path}.nasConfig.mountPoints")
    if not any(_is_below(part.cache_dir, point.mount_dir) for point in runner.mount_points):
        mounted = ", ".join(point.mount_dir for point in runner.mount_points)
        return error(path, f"{part.cache_dir} is on no NAS; mounted are {mounted}")
    return None


def _is_below(folder: str, mount: str) -> bool:
    if not mount.startswith("/"):
        return True  # which is told by itself
    return PurePosixPath(folder).is_relative_to(PurePosixPath(mount))
