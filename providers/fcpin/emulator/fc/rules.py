"""Rules of Function Compute: names, required fields, limits and pages."""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any

from fcpin.emulator.fc import errors
from fcpin.emulator.fc.model import Json

_DEFAULT, _LARGEST = 20, 100


def limit_of(text: str) -> int:
    """Raises InvalidArgument unless *text* is empty or a number from 1 to 100."""
    if not text:
        return _DEFAULT
    if not text.isdecimal() or not 1 <= int(text) <= _LARGEST:
        raise errors.invalid(f"limit {text} is invalid: from 1 to {_LARGEST}")
    return int(text)


def cut(names: Sequence[str], limit: int, token: str) -> tuple[Sequence[str], dict[str, str]]:
    """A page of *names*, and the token of the next page: none on the last one.

    The token is the last name of the previous page, so that no page repeats a name.
    """
    start = 0
    if token:
        try:
            last = base64.urlsafe_b64decode(token.encode()).decode()
            start = names.index(last) + 1
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise errors.invalid(f"nextToken {token} is invalid") from None
    page = names[start : start + limit]
    more = start + limit < len(names)
    return page, {"nextToken": base64.urlsafe_b64encode(page[-1].encode()).decode()} if more else {}


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_FC2_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}\$[A-Za-z_][A-Za-z0-9_-]{0,63}")
SANDBOX_CONFIG = "microSandboxConfig"
IMAGE_CONFIGS = {"custom-container": "customContainerConfig", "micro-sandbox": SANDBOX_CONFIG}
"""Runtimes of images, each with the setting that names the image."""
_HEALTH_CHECK = {
    "initialDelaySeconds": (0, 120),
    "periodSeconds": (1, 120),
    "timeoutSeconds": (1, 3),
    "failureThreshold": (1, 120),
    "successThreshold": (1, 120),
}
_RANGES = {"timeout": (1, 86400), "instanceConcurrency": (1, 200)}
_HOOKS = {"initializer": (1, 300), "preStop": (1, 90)}
"""Seconds that a lifecycle hook may take."""
_CARD_MB = {
    "fc.gpu.tesla.1": 16384,
    "fc.gpu.ampere.1": 24576,
    "fc.gpu.ada.1": 49152,
    "fc.gpu.ada.2": 24576,
    "fc.gpu.ada.3": 49152,
    "fc.gpu.hopper.1": 98304,
    "fc.gpu.hopper.2": 98304,
    "fc.gpu.blackwell.1": 98304,
    "fc.gpu.xpu.1": 98304,
}
"""Types of GPU with the memory of a card, https://www.alibabacloud.com/help/en/functioncompute/fc/product-overview/
instance-types-and-specifications; of hopper.2 and blackwell.1 the size of a card is assumed."""
_MOST_CARDS = 16
_MOST_PER_CARD = {"cpu": 24, "memorySize": 253_952}
_MOST_DISK = 204_800
_GIB = 1024


def check_name(name: Any) -> str:
    """Raises InvalidArgument."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise errors.invalid(
            f"functionName {name!r} is invalid: 1 to 64 letters, digits, '_' and '-', the first is a letter or '_'"
        )
    return name


def is_fc2_name(name: str) -> bool:
    """Whether *name* is `service$function`, as ListFunctions of FC 3.0 names a function of FC 2.0."""
    return _FC2_NAME.fullmatch(name) is not None


def check_settings(settings: Json) -> None:
    """Check complete settings, after defaults and merging. Raises InvalidArgument."""
    handler = settings.get("handler")
    if not handler:
        raise errors.invalid("Handler is required but not provided")
    if not isinstance(handler, str) or len(handler) > 128:
        raise errors.invalid("Handler must be a string of 1 to 128 characters")
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
        raise errors.invalid("environmentVariables must be an object of strings")
    hooks = settings.get("instanceLifecycleConfig") or {}
    for name, (least, most) in _HOOKS.items():
        _check_range(f"instanceLifecycleConfig.{name}.timeout", (hooks.get(name) or {}).get("timeout"), least, most)
    _check_container(IMAGE_CONFIGS[runtime], settings.get(IMAGE_CONFIGS[runtime]))


def _check_resources(settings: Json) -> None:
    cpu, memory, disk, gpu = settings["cpu"], settings["memorySize"], settings["diskSize"], settings.get("gpuConfig")
    cards = _cards(gpu) if gpu else 0
    most_cpu, most_memory = cards * _MOST_PER_CARD["cpu"] or 16, cards * _MOST_PER_CARD["memorySize"] or 32768
    if not _is_number(cpu) or not 0.05 <= cpu <= most_cpu or abs(cpu * 20 - round(cpu * 20)) > 1e-6:
        raise errors.invalid(f"cpu {cpu} is invalid: a multiple of 0.05 from 0.05 to {most_cpu}")
    if not isinstance(memory, int) or not 128 <= memory <= most_memory or memory % 64:
        raise errors.invalid(f"memorySize {memory} is invalid: a multiple of 64 from 128 to {most_memory}")
    if not gpu and not 1 <= memory / _GIB / cpu <= 4:
        raise errors.invalid(f"the ratio of cpu {cpu} to memorySize {memory} (GB) must be between 1:1 and 1:4")
    if not gpu and disk not in (512, 10240):
        raise errors.invalid(f"diskSize {disk} is invalid: 512 or 10240")
    if not isinstance(disk, int) or (disk != 512 and (disk % 10240 or not 10240 <= disk <= _MOST_DISK)):
        raise errors.invalid(f"diskSize {disk} is invalid: 512, or a multiple of 10240 up to {_MOST_DISK}")


def _cards(gpu: Any) -> int:
    """The number of cards of a gpuConfig. Raises InvalidArgument."""
    kind, memory = (gpu.get("gpuType"), gpu.get("gpuMemorySize")) if isinstance(gpu, dict) else (None, None)
    if kind not in _CARD_MB:
        raise errors.invalid(f"gpuType {kind!r} is invalid: one of {', '.join(_CARD_MB)}")
    if not isinstance(memory, int) or memory < _GIB or memory % _GIB:
        raise errors.invalid(f"gpuMemorySize {memory} is invalid: a multiple of {_GIB}")
    cards = -(-memory // _CARD_MB[kind])
    if cards > _MOST_CARDS:
        raise errors.invalid(f"gpuMemorySize {memory} is invalid: {cards} cards, at most {_MOST_CARDS}")
    return cards


def _check_container(key: str, config: Any) -> None:
    if not isinstance(config, dict) or not config.get("image"):
        raise errors.invalid(f"{key}.image is required for the function's runtime")
    if not isinstance(config["image"], str):
        raise errors.invalid(f"{key}.image must be a string")
    if key == SANDBOX_CONFIG:
        return
    _check_range("customContainerConfig.port", config.get("port"), 1, 65535)
    for name in ("command", "entrypoint"):
        value = config.get(name) or []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise errors.invalid(f"customContainerConfig.{name} must be a list of strings")
    for name, (least, most) in _HEALTH_CHECK.items():
        value = (config.get("healthCheckConfig") or {}).get(name)
        _check_range(f"customContainerConfig.healthCheckConfig.{name}", value, least, most)


def _check_range(name: str, value: Any, least: int, most: int) -> None:
    if value is not None and (not _is_number(value) or not least <= value <= most):
        raise errors.invalid(f"{name} {value} is invalid: from {least} to {most}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
