"""Which registries an execution environment can reach, and what a build may use there."""

from collections.abc import Sequence

from fcpin.emulator.acr.model import Instance
from fcpin.emulator.devs.model import ExecError, Json
from fcpin.emulator.fc.images import InvalidImage, Reference
from fcpin.image import acr_host, documented_acr_host

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
