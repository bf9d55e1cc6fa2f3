"""The limits of the two environments that tasks run in.

The default environment has 10 GB of disk and 15 minutes for a build, no fixed address, and no route to ACR Enterprise.
The dedicated one (`runnerConfig`) is a function of the user's account, in a VPC, with NAS; it has a function's limits.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from fcpin.fc import runtime_config
from fcpin.pipelines.model import Build, Environment, Finding, MountPoint, RunnerConfig, Step, error, host_of, warning

DEFAULT_SECONDS: Final = 900
RECOMMENDED_CPU: Final = 8
RECOMMENDED_MEMORY_MB: Final = 32_768
_DEDICATED: Final = "use the dedicated environment: give runnerConfig"
_NAS: Final = re.compile(
    r"[a-z0-9-]+(?:\.extreme)?\.(?P<region>[a-z]{2,}(?:-[a-z0-9]+)+)\.(?:extreme\.)?nas\.aliyuncs\.com:/\S*"
)
_REGION: Final = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")
_RUNNER_KEYS: Final[Mapping[str, str]] = {"memory_size": "memory", "disk_size": "diskSize"}


def check_step(step: Step, *, is_bare: bool) -> Iterator[Finding]:
    """What the task needs that its environment does not have.

    The environment of a bare task is not known: what is missing is a warning.
    """
    if step.environment is not None and step.environment.config is None:
        return
    missing = [*_check_enterprise(step), *_check_caches(step)]
    for each in missing:
        if is_bare and step.environment is None:
            yield warning(each.path, f"needs a pipeline with a suitable environment: {each.reason}")
        else:
            yield each
    if step.environment is not None and step.environment.config is not None:
        yield from _check_size_and_network(step, step.environment.path, step.environment.config)


def check_environment(environment: Environment) -> Iterator[Finding]:
    """What is wrong with a dedicated environment by itself."""
    path, runner = environment
    if runner is None:
        return
    if not _is_region(runner.region_id):
        yield error(f"{path}.regionId", f"expected a region such as cn-hangzhou, got {runner.region_id!r}")
    yield from _check_sizes(path, runner)
    log = runner.log_config
    if log is None or not (log.project or log.logstore):
        yield warning(f"{path}.logConfig", "is missing; without it the log of the build cannot be read")
    elif not (log.project and log.logstore):
        yield error(f"{path}.logConfig", "requires both project and logstore")
    if runner.vpc_config is not None and not runner.vpc_config.v_switch_ids:
        yield error(f"{path}.vpcConfig.vSwitchIds", "is required: a vSwitch of the VPC, in the zone of the NAS")
    if runner.mount_points and runner.vpc_config is None:
        yield error(f"{path}.vpcConfig", "is required; NAS is mounted from its own VPC and zone only")
    for index, point in enumerate(runner.mount_points):
        yield from _check_mount_point(f"{path}.nasConfig.mountPoints[{index}]", point, runner)


def _check_enterprise(step: Step) -> Iterator[Finding]:
    build, warm = step.task.data.build, step.task.data.warm
    if build is not None:
        yield from _check_build_for_enterprise(build, f"{step.data_path}.build", step.environment)
    if warm is not None:
        path = f"{step.data_path}.warm"
        for index, image in enumerate(warm.images or ()):
            host = host_of(image)
            if host is not None and host.edition == "enterprise":
                yield from _require_vpc(f"{path}.images[{index}]", step.environment)
                yield from _require_instance(path, warm.instance_id)
        if warm.instance_id:
            yield from _require_vpc(f"{path}.instanceID", step.environment)


def _check_build_for_enterprise(build: Build, path: str, environment: Environment | None) -> Iterator[Finding]:
    host = host_of(build.image)
    if host is not None and host.edition == "enterprise":
        yield from _require_vpc(f"{path}.image", environment)
        yield from _require_instance(path, build.instance_id)
    elif build.instance_id:
        yield from _require_vpc(f"{path}.instanceID", environment)
        if host is not None:
            yield error(f"{path}.instanceID", "is for ACR Enterprise, but the image is in ACR Personal; remove one")


def _require_instance(path: str, instance_id: str | None) -> Iterator[Finding]:
    if not instance_id:
        yield error(f"{path}.instanceID", "is required for ACR Enterprise: the id of the instance, cri-…")


def _require_vpc(path: str, environment: Environment | None) -> Iterator[Finding]:
    if environment is None:
        what = "the default environment cannot reach ACR Enterprise (it has no fixed address)"
        yield error(path, f"{what}; {_DEDICATED} with a vpcConfig that the instance allows")
    elif environment.config and environment.config.vpc_config is None:
        yield error(path, f"ACR Enterprise can be reached from a VPC only; give {environment.path}.vpcConfig")


def _check_caches(step: Step) -> Iterator[Finding]:
    build, warm = step.task.data.build, step.task.data.warm
    if build is not None and build.cache_dir:
        yield from _check_cache(f"{step.data_path}.build.cacheDir", build.cache_dir, step.environment)
    if warm is not None and warm.cache_dir:
        yield from _check_cache(f"{step.data_path}.warm.cacheDir", warm.cache_dir, step.environment)
    elif warm is not None:
        yield error(f"{step.data_path}.warm.cacheDir", "is required: the folder on NAS for base images")


def _check_cache(path: str, folder: str, environment: Environment | None) -> Iterator[Finding]:
    if environment is None:
        yield error(path, f"the default environment has no NAS for a cache; {_DEDICATED} with a nasConfig")
        return
    points = environment.config.mount_points if environment.config else ()
    if not points:
        yield error(path, f"no NAS is mounted; give {environment.path}.nasConfig.mountPoints")
    elif not any(_is_below(folder, point.mount_dir) for point in points):
        mounted = ", ".join(point.mount_dir for point in points)
        yield error(path, f"{folder} is not on a NAS; mounted are {mounted}")


def _is_below(folder: str, mount: str) -> bool:
    if not mount.startswith("/"):
        return True  # reported as a problem of the mount point
    return PurePosixPath(folder).is_relative_to(PurePosixPath(mount))


def _check_size_and_network(step: Step, path: str, runner: RunnerConfig) -> Iterator[Finding]:
    is_small = (runner.cpu or 0) < RECOMMENDED_CPU or (runner.memory or 0) < RECOMMENDED_MEMORY_MB
    if step.task.data.warm is not None and is_small:
        yield warning(path, "8 cores and 32 GB are recommended for base images: cpu: 8, memory: 32768, diskSize: 10240")
    build = step.task.data.build
    host = host_of(build.image) if build else None
    if host and host.network != "public" and _differ(host.region, runner.region_id):
        yield error(
            f"{step.data_path}.build.image",
            f"a {host.network} host of {host.region} cannot be reached from {runner.region_id}; "
            f"run in {host.region}, or push to {host.public_host}",
        )


def _check_sizes(path: str, runner: RunnerConfig) -> Iterator[Finding]:
    given = {
        "cpu": runner.cpu,
        "memory_size": runner.memory,
        "disk_size": runner.disk_size,
        "timeout": runner.timeout,
    }
    for problem in runtime_config.problems("", {name: value for name, value in given.items() if value is not None}):
        yield error(f"{path}.{_RUNNER_KEYS.get(problem.path, problem.path)}", problem.reason)


def _check_mount_point(path: str, point: MountPoint, runner: RunnerConfig) -> Iterator[Finding]:
    if not point.mount_dir.startswith("/"):
        yield error(f"{path}.mountDir", f"expected an absolute path such as /mnt/image-cache, got {point.mount_dir}")
    match = _NAS.fullmatch(point.server_addr)
    if match is None:
        yield error(f"{path}.serverAddr", f"expected <id>.<region>.nas.aliyuncs.com:/<folder>, got {point.server_addr}")
    elif _differ(match["region"], runner.region_id):
        yield error(
            f"{path}.serverAddr",
            f"this NAS is in {match['region']}, but the tasks run in {runner.region_id}; "
            "NAS, VPC and vSwitch must be in one zone",
        )


def _is_region(name: str) -> bool:
    return _REGION.fullmatch(name) is not None


def _differ(region: str, runs_in: str) -> bool:
    """Whether they are two regions. An invalid region is reported once, where it is given."""
    return _is_region(runs_in) and region != runs_in
