"""The limits of the dedicated environment: a function of the user's account, in a VPC, with NAS."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from fcpin.fc import runtime_config
from fcpin.pipeline.finding import Finding, error, warning
from fcpin.pipeline.images import host_of
from fcpin.pipeline.model import MountPoint, RunnerConfig, Task

ADVISED_CPU: Final = 8
ADVISED_MEMORY_MB: Final = 32_768
_NAS: Final = re.compile(
    r"[a-z0-9-]+(?:\.extreme)?\.(?P<region>[a-z]{2,}(?:-[a-z0-9]+)+)\.(?:extreme\.)?nas\.aliyuncs\.com:/\S*"
)
_REGION: Final = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")
_NAMES: Final[Mapping[str, str]] = {"memory_size": "memory", "disk_size": "diskSize"}


def judge(runner: RunnerConfig) -> Iterator[Finding]:
    """What is wrong with the environment by itself."""
    if runner.region_id and not _is_region(runner.region_id):
        yield error(f"{runner.path}.regionId", f"expected a region such as cn-hangzhou, got {runner.region_id!r}")
    yield from _sizes(runner)
    if runner.log == ("", ""):
        yield warning(f"{runner.path}.logConfig", "is missing; without it nobody can read the log of the build")
    elif "" in runner.log:
        yield error(f"{runner.path}.logConfig", "needs both project and logstore")
    if runner.vpc is not None and not runner.vpc.v_switch_ids:
        yield error(f"{runner.vpc.path}.vSwitchIds", "is missing; name a vSwitch of the VPC, in the zone of the NAS")
    if runner.mount_points and runner.vpc is None:
        yield error(f"{runner.path}.vpcConfig", "is missing; NAS is mounted from its own VPC and zone only")
    for point in runner.mount_points:
        yield from _mounted(point, runner)


def judge_use(task: Task) -> Iterator[Finding]:
    """What is wrong with the environment for what *task* does."""
    runner = task.runner
    if runner is None:
        return
    if task.warm is not None and ((runner.cpu or 0) < ADVISED_CPU or (runner.memory or 0) < ADVISED_MEMORY_MB):
        yield warning(runner.path, "big base images want 8 cores and 32 GB: cpu: 8, memory: 32768, diskSize: 10240")
    host = host_of(task.build.image) if task.build else None
    if task.build and host and host.network != "public" and _differ(host.region, runner.region_id):
        yield error(
            f"{task.build.path}.image",
            f"a {host.network} host of {host.region} cannot be reached from {runner.region_id}; "
            f"run in {host.region}, or push to {host.public_host}",
        )


def _sizes(runner: RunnerConfig) -> Iterator[Finding]:
    """It is a function, so it has the limits of one."""
    given = {
        "cpu": runner.cpu,
        "memory_size": runner.memory,
        "disk_size": runner.disk_size,
        "timeout": runner.timeout,
    }
    config = {name: value for name, value in given.items() if value is not None}
    for problem in runtime_config.problems("", config):
        name = problem.path.removeprefix(".")
        yield error(f"{runner.path}.{_NAMES.get(name, name)}", problem.reason)


def _mounted(point: MountPoint, runner: RunnerConfig) -> Iterator[Finding]:
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
    """Whether they are two regions. What is no region is told by itself."""
    return _is_region(runs_in) and region != runs_in
