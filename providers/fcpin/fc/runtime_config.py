"""The `config` of an owned function: every runtime setting that fcpin manages, with FC's own limits.

Limits: https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/product-overview/limits and the API's schema; of
instances https://www.alibabacloud.com/help/en/functioncompute/fc/product-overview/instance-types-and-specifications.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from fcpin.errors import Problem
from fcpin.fc.model import Function
from fcpin.fc.shape import Flag, ListOf, Number, Record, Secret, Shape, Text, TextMap

RUNTIME: Final = "custom-container"
SANDBOX: Final = "micro-sandbox"
"""Runs an image as well, named by `microSandboxConfig.image`; nothing is deployed to it here."""
DEFAULT_HANDLER: Final = "index.handler"
"""FC wants a handler even of a container, and ignores it."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")

_HEALTH_CHECK: Final = Record(
    {
        "http_get_url": Text(),
        "initial_delay_seconds": Number(0, 120),
        "period_seconds": Number(1, 120),
        "timeout_seconds": Number(1, 3),
        "failure_threshold": Number(1, 120),
        "success_threshold": Number(1, 120),
    }
)
_REGISTRY: Final = Record(
    {
        "auth_config": Record({"user_name": Text(), "password": Secret()}, together=True),
        "cert_config": Record({"insecure": Flag(), "root_ca_cert_base64": Text()}),
        "network_config": Record({"vpc_id": Text(), "v_switch_id": Text(), "security_group_id": Text()}),
    }
)


def _hook(seconds: int) -> Record:
    """A lifecycle hook that may take *seconds*."""
    return Record({"handler": Text(), "timeout": Number(1, seconds), "command": ListOf(Text())})


CONTAINER: Final = Record(
    {
        "port": Number(1, 65535),
        "command": ListOf(Text()),
        "entrypoint": ListOf(Text()),
        "health_check_config": _HEALTH_CHECK,
        "registry_config": _REGISTRY,
    }
)
"""Settings that live inside `customContainerConfig`."""

SECRET: Final = frozenset({"registry_config"})
"""Settings with a password, which FC does not return: a change of it is seen in the inputs alone."""

WITHOUT_GPU: Final[Mapping[str, Number]] = {
    "cpu": Number(0.05, 16, step=0.05),
    "memory_size": Number(128, 32768, step=64),
    "disk_size": Number(512, 10240),
}
"""With a GPU the upper limits depend on its type and on the number of cards, and are FC's to judge."""


def _unlimited(name: str) -> Number:
    return replace(WITHOUT_GPU[name], greatest=math.inf)


FUNCTION: Final = Record(
    {
        "cpu": _unlimited("cpu"),
        "custom_dns": Record(
            {
                "name_servers": ListOf(Text()),
                "searches": ListOf(Text()),
                "dns_options": ListOf(Record({"name": Text(), "value": Text()})),
            }
        ),
        "description": Text(),
        "disable_ondemand": Flag(),
        "disk_size": _unlimited("disk_size"),
        "environment_variables": TextMap(),
        "gpu_config": Record({"gpu_type": Text(), "gpu_memory_size": Number(1024, step=1024)}),
        "handler": Text(),
        "idle_timeout": Number(1, 86400),
        "instance_concurrency": Number(1, 200),
        "instance_lifecycle_config": Record({"initializer": _hook(300), "pre_stop": _hook(90)}),
        "internet_access": Flag(),
        "log_config": Record(
            {
                "project": Text(),
                "logstore": Text(),
                "enable_request_metrics": Flag(),
                "enable_instance_metrics": Flag(),
                "log_begin_rule": Text(("None", "DefaultRegex")),
            }
        ),
        "memory_size": _unlimited("memory_size"),
        "nas_config": Record(
            {
                "user_id": Number(-1, 65534),
                "group_id": Number(-1, 65534),
                "mount_points": ListOf(
                    Record(
                        {"mount_dir": Text(), "server_addr": Text(), "enable_tls": Flag()},
                        wire_names={"enable_tls": "enableTLS"},
                    )
                ),
            }
        ),
        "oss_mount_config": Record(
            {
                "mount_points": ListOf(
                    Record(
                        {
                            "bucket_name": Text(),
                            "bucket_path": Text(),
                            "endpoint": Text(),
                            "mount_dir": Text(),
                            "read_only": Flag(),
                        }
                    )
                )
            }
        ),
        "role": Text(),
        "timeout": Number(1, 86400),
        "vpc_config": Record({"vpc_id": Text(), "v_switch_ids": ListOf(Text()), "security_group_id": Text()}),
    },
    wire_names={"custom_dns": "customDNS"},
)
"""Settings that live at the top of the function."""

_ALL: Final = Record({**FUNCTION.fields, **CONTAINER.fields})
_DISK_SIZES: Final = (512, 10240)
_MB_PER_CPU: Final = (1024, 4096)


def name_problems(path: str, name: object) -> Iterator[Problem]:
    """What is wrong with a function's name."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield Problem(path, "expected 1 to 64 letters, digits, '_' and '-', not beginning with a digit or '-'")


def problems(path: str, config: object) -> Iterator[Problem]:
    """What is wrong with *config*, every problem with its property path."""
    found = list(_ALL.problems(path, config))
    yield from found
    if found or not isinstance(config, Mapping):
        return
    disk, smallest = config.get("disk_size", _DISK_SIZES[0]), _DISK_SIZES[1]
    if config.get("gpu_config"):
        if disk != _DISK_SIZES[0] and disk % smallest:
            yield Problem(f"{path}.disk_size", f"expected 512, or a multiple of {smallest} (MB), got {disk:g}")
        return
    for name in ("cpu", "memory_size"):
        if name in config:
            yield from WITHOUT_GPU[name].problems(f"{path}.{name}", config[name])
    if disk not in _DISK_SIZES:
        yield Problem(f"{path}.disk_size", f"expected 512 or 10240 (MB), got {disk:g}")
    if "cpu" in config and "memory_size" in config:
        ratio = config["memory_size"] / config["cpu"]
        if not _MB_PER_CPU[0] <= ratio <= _MB_PER_CPU[1]:
            yield Problem(
                f"{path}.memory_size",
                f"expected 1 to 4 GB a vCPU, got {config['memory_size']:g} MB for {config['cpu']:g} vCPU",
            )


def to_wire(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """*config* for the API: what goes to the top of the function, and what goes into `customContainerConfig`."""
    return _part(FUNCTION, config), _part(CONTAINER, config)


def _part(record: Record, config: Mapping[str, Any]) -> dict[str, Any]:
    wire: dict[str, Any] = record.to_wire({name: value for name, value in config.items() if name in record.fields})
    return wire


def check(function: Function) -> None:
    """Raise WrongShape unless every setting that is managed here has the type that the API documents."""
    _seen(FUNCTION, function.wire)
    _seen(CONTAINER, function.container)


def live(config: Mapping[str, Any], function: Function) -> dict[str, Any]:
    """What *function* has where *config* says something, in the words of *config*. Equal to it when nothing drifted."""
    seen = {**_seen(FUNCTION, function.wire), **_seen(CONTAINER, function.container)}
    wanted = {name: _like_wire(_ALL.fields[name], value) for name, value in config.items()}
    found = _ALL.cut(seen, wanted)
    return {name: config[name] if found[name] == wanted[name] else found[name] for name in found}


def _seen(record: Record, wire: Mapping[str, Any]) -> dict[str, Any]:
    seen: dict[str, Any] = record.from_wire(wire)
    return seen


def _like_wire(shape: Shape, value: Any) -> Any:
    """*value* as it would come back from the API: numbers as the API writes them."""
    return shape.from_wire(shape.to_wire(value))
