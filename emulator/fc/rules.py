"""What Function Compute accepts: names, required fields and limits."""

import re
from typing import Any

from emulator.fc import errors
from emulator.fc.model import Json

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_FC2_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}\$[A-Za-z_][A-Za-z0-9_-]{0,63}")
SANDBOX_CONFIG = "microSandboxConfig"
IMAGE_CONFIGS = {"custom-container": "customContainerConfig", "micro-sandbox": SANDBOX_CONFIG}
"""Runtimes that run an image, each with the setting that names it."""
_HEALTH_CHECK = {
    "initialDelaySeconds": (0, 120),
    "periodSeconds": (1, 120),
    "timeoutSeconds": (1, 3),
    "failureThreshold": (1, 120),
    "successThreshold": (1, 120),
}
_RANGES = {"timeout": (1, 86400), "instanceConcurrency": (1, 200)}
_GIB = 1024


def check_name(name: Any) -> str:
    """Raises InvalidArgument."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise errors.invalid(
            f"functionName {name!r} is invalid: 1 to 64 letters, digits, '_' and '-', first no digit and no '-'"
        )
    return name


def is_fc2_name(name: str) -> bool:
    """Whether *name* is `service$function`, as ListFunctions of FC 3.0 names a function of FC 2.0."""
    return _FC2_NAME.fullmatch(name) is not None


def check_settings(settings: Json) -> None:
    """Judge the settings of a function as a whole, after defaults and merging. Raises InvalidArgument."""
    handler = settings.get("handler")
    if not handler:
        raise errors.invalid("Handler is required but not provided")
    if not isinstance(handler, str) or len(handler) > 128:
        raise errors.invalid("Handler must be a text of 1 to 128 characters")
    runtime = settings.get("runtime")
    if runtime not in tuple(IMAGE_CONFIGS):
        raise errors.invalid(f"Runtime is {runtime!r}: the emulator runs {' and '.join(IMAGE_CONFIGS)} only")
    if settings.get("code"):
        raise errors.invalid("Either ossBucketName/ossObjectName or zipFile must be set")
    _check_resources(settings)
    for name, (least, most) in _RANGES.items():
        _check_range(name, settings.get(name), least, most)
    variables = settings.get("environmentVariables") or {}
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise errors.invalid("environmentVariables must be an object of texts")
    _check_container(IMAGE_CONFIGS[runtime], settings.get(IMAGE_CONFIGS[runtime]))


def _check_resources(settings: Json) -> None:
    cpu, memory, disk = settings["cpu"], settings["memorySize"], settings["diskSize"]
    if not _is_number(cpu) or not 0.05 <= cpu <= 16 or abs(cpu * 20 - round(cpu * 20)) > 1e-6:
        raise errors.invalid(f"cpu {cpu} is invalid: a multiple of 0.05 from 0.05 to 16")
    if not isinstance(memory, int) or not 128 <= memory <= 32768 or memory % 64:
        raise errors.invalid(f"memorySize {memory} is invalid: a multiple of 64 from 128 to 32768")
    if not 1 <= memory / _GIB / cpu <= 4 and not settings.get("gpuConfig"):
        raise errors.invalid(f"the ratio of cpu {cpu} to memorySize {memory} (GB) must be between 1:1 and 1:4")
    if disk not in (512, 10240):
        raise errors.invalid(f"diskSize {disk} is invalid: 512 or 10240")


def _check_container(key: str, config: Any) -> None:
    if not isinstance(config, dict) or not config.get("image"):
        raise errors.invalid(f"{key}.image is required for the function's runtime")
    if not isinstance(config["image"], str):
        raise errors.invalid(f"{key}.image must be a text")
    if key == SANDBOX_CONFIG:
        return
    _check_range("customContainerConfig.port", config.get("port"), 1, 65535)
    for name in ("command", "entrypoint"):
        value = config.get(name) or []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise errors.invalid(f"customContainerConfig.{name} must be a list of texts")
    for name, (least, most) in _HEALTH_CHECK.items():
        value = (config.get("healthCheckConfig") or {}).get(name)
        _check_range(f"customContainerConfig.healthCheckConfig.{name}", value, least, most)


def _check_range(name: str, value: Any, least: int, most: int) -> None:
    if value is not None and (not _is_number(value) or not least <= value <= most):
        raise errors.invalid(f"{name} {value} is invalid: from {least} to {most}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
