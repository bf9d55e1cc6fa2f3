"""The limits of the two environments that tasks run in.

The default environment has 10 GB of disk and 15 minutes for a build, no fixed address, and no route to ACR Enterprise.
The dedicated one (`runnerConfig`) is a function of the user's account, in a VPC, with NAS; it has a function's limits.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from fcpin.fc import runtime_config
from fcpin.pipelines.model import (
    Build,
    Finding,
    MountPoint,
    RunnerConfig,
    Task,
    Warm,
    error,
    host_of,
    warning,
)

DEFAULT_SECONDS: Final = 900
RECOMMENDED_CPU: Final = 8
RECOMMENDED_MEMORY_MB: Final = 32_768
_DEDICATED: Final = "use the dedicated environment: give runnerConfig"
_NAS: Final = re.compile(
    r"[a-z0-9-]+(?:\.extreme)?\.(?P<region>[a-z]{2,}(?:-[a-z0-9]+)+)\.(?:extreme\.)?nas\.aliyuncs\.com:/\S*"
)
_REGION: Final = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")
_RUNNER_KEYS: Final[Mapping[str, str]] = {"memory_size": "memory", "disk_size": "diskSize"}


def check_task(task: Task, *, is_bare: bool) -> Iterator[Finding]:
    """What *task* needs that its environment does not have.

    The environment of a bare task is not known: what is missing is a warning.
    """
    missing = [*_check_enterprise(task), *(_check_cache(part, task.runner) for part in (task.build, task.warm) if part)]
    for each in filter(None, missing):
        if is_bare and task.runner is None:
            yield warning(each.path, f"needs a pipeline with a suitable environment: {each.reason}")
        else:
            yield each
    yield from _check_size_and_network(task)


def check_runner(runner: RunnerConfig) -> Iterator[Finding]:
    """What is wrong with a dedicated environment by itself."""
    if runner.region_id and not _is_region(runner.region_id):
        yield error(f"{runner.path}.regionId", f"expected a region such as cn-hangzhou, got {runner.region_id!r}")
    yield from _check_sizes(runner)
    if runner.log == ("", ""):
        yield warning(f"{runner.path}.logConfig", "is missing; without it the log of the build cannot be read")
    elif "" in runner.log:
        yield error(f"{runner.path}.logConfig", "requires both project and logstore")
    if runner.vpc is not None and not runner.vpc.v_switch_ids:
        yield error(f"{runner.vpc.path}.vSwitchIds", "is required: a vSwitch of the VPC, in the zone of the NAS")
    if runner.mount_points and runner.vpc is None:
        yield error(f"{runner.path}.vpcConfig", "is required; NAS is mounted from its own VPC and zone only")
    for point in runner.mount_points:
        yield from _check_mount_point(point, runner)


def _check_enterprise(task: Task) -> Iterator[Finding]:
    if task.build is not None and task.build.image:
        yield from _check_build_for_enterprise(task.build, task.runner)
    if task.warm is not None:
        for index, image in enumerate(task.warm.images):
            host = host_of(image)
            if host is not None and host.edition == "enterprise":
                path = f"{task.warm.path}.images[{index}]"
                yield from _require_instance(task.warm.instance_id, task.warm.path, path, task.runner)
        if task.warm.instance_id:
            yield from _require_vpc(f"{task.warm.path}.instanceID", task.runner)


def _check_build_for_enterprise(build: Build, runner: RunnerConfig | None) -> Iterator[Finding]:
    host = host_of(build.image)
    if host is not None and host.edition == "enterprise":
        yield from _require_instance(build.instance_id, build.path, f"{build.path}.image", runner)
    elif build.instance_id:
        yield from _require_vpc(f"{build.path}.instanceID", runner)
        if host is not None:
            yield error(
                f"{build.path}.instanceID", "is for ACR Enterprise, but the image is in ACR Personal; remove one"
            )


def _require_instance(instance_id: str, holder: str, path: str, runner: RunnerConfig | None) -> Iterator[Finding]:
    yield from _require_vpc(path, runner)
    if not instance_id:
        yield error(f"{holder}.instanceID", "is required for ACR Enterprise: the id of the instance, cri-…")


def _require_vpc(path: str, runner: RunnerConfig | None) -> Iterator[Finding]:
    what = "the default environment cannot reach ACR Enterprise (it has no fixed address)"
    if runner is None:
        yield error(path, f"{what}; {_DEDICATED} with a vpcConfig that the instance allows")
    elif runner.vpc is None:
        yield error(path, f"ACR Enterprise can be reached from a VPC only; give {runner.path}.vpcConfig")


def _check_cache(part: Build | Warm, runner: RunnerConfig | None) -> Finding | None:
    path = f"{part.path}.cacheDir"
    if not part.cache_dir:
        return error(path, "is required: the folder on NAS for base images") if isinstance(part, Warm) else None
    if runner is None:
        return error(path, f"the default environment has no NAS for a cache; {_DEDICATED} with a nasConfig")
    if not runner.mount_points:
        return error(path, f"no NAS is mounted; give {runner.path}.nasConfig.mountPoints")
    if not any(_is_below(part.cache_dir, point.mount_dir) for point in runner.mount_points):
        mounted = ", ".join(point.mount_dir for point in runner.mount_points)
        return error(path, f"{part.cache_dir} is not on a NAS; mounted are {mounted}")
    return None


def _is_below(folder: str, mount: str) -> bool:
    if not mount.startswith("/"):
        return True  # reported as a problem of the mount point
    return PurePosixPath(folder).is_relative_to(PurePosixPath(mount))


def _check_size_and_network(task: Task) -> Iterator[Finding]:
    runner = task.runner
    if runner is None:
        return
    is_small = (runner.cpu or 0) < RECOMMENDED_CPU or (runner.memory or 0) < RECOMMENDED_MEMORY_MB
    if task.warm is not None and is_small:
        yield warning(
            runner.path, "8 cores and 32 GB are recommended for base images: cpu: 8, memory: 32768, diskSize: 10240"
        )
    host = host_of(task.build.image) if task.build else None
    if task.build and host and host.network != "public" and _differ(host.region, runner.region_id):
        yield error(
            f"{task.build.path}.image",
            f"a {host.network} host of {host.region} cannot be reached from {runner.region_id}; "
            f"run in {host.region}, or push to {host.public_host}",
        )


def _check_sizes(runner: RunnerConfig) -> Iterator[Finding]:
    given = {
        "cpu": runner.cpu,
        "memory_size": runner.memory,
        "disk_size": runner.disk_size,
        "timeout": runner.timeout,
    }
    config = {name: value for name, value in given.items() if value is not None}
    for problem in runtime_config.problems("", config):
        name = problem.path.removeprefix(".")
        yield error(f"{runner.path}.{_RUNNER_KEYS.get(name, name)}", problem.reason)


def _check_mount_point(point: MountPoint, runner: RunnerConfig) -> Iterator[Finding]:
    if point.mount_dir and not point.mount_dir.startswith("/"):
        yield error(
            f"{point.path}.mountDir", f"expected an absolute path such as /mnt/image-cache, got {point.mount_dir}"
        )
    if not point.server_addr:
        return
    match = _NAS.fullmatch(point.server_addr)
    if match is None:
        yield error(
            f"{point.path}.serverAddr",
            f"expected <id>.<region>.nas.aliyuncs.com:/<folder>, got {point.server_addr}",
        )
    elif _differ(match["region"], runner.region_id):
        yield error(
            f"{point.path}.serverAddr",
            f"this NAS is in {match['region']}, but the tasks run in {runner.region_id}; "
            "NAS, VPC and vSwitch must be in one zone",
        )


def _is_region(name: str) -> bool:
    return _REGION.fullmatch(name) is not None


def _differ(region: str, runs_in: str) -> bool:
    """Whether they are two regions. An invalid region is reported once, where it is given."""
    return _is_region(runs_in) and region != runs_in
