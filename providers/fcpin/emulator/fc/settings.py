"""A function's settings: defaults, merging an update into them, and the response of GetFunction."""

import copy

from fcpin.emulator.fc.model import FunctionRecord, Json, SettingsSnapshot
from fcpin.emulator.fc.rules import IMAGE_CONFIGS
from fcpin.emulator.state import iso

MASK = "******"
_READ_ONLY = frozenset(
    {
        "functionArn", "functionId", "functionName", "createdTime", "lastModifiedTime", "codeSize", "codeChecksum",
        "state", "stateReason", "stateReasonCode", "lastUpdateStatus", "lastUpdateStatusReason",
        "lastUpdateStatusReasonCode", "lockInfo", "invocationRestriction", "tags", "Tags",
    }
)  # fmt: skip
"""Ignored in a request. pulumi-alicloud also sends `Tags`, and calls TagResources afterwards."""
_DEFAULTS: Json = {
    "description": "",
    "cpu": 0.35,
    "memorySize": 512,
    "diskSize": 512,
    "timeout": 3,
    "instanceConcurrency": 1,
    "internetAccess": True,
    "role": "",
}
_CONTAINER = "customContainerConfig"
_ABSENT_IF_EMPTY = ("environmentVariables", "layers")


STATUS = frozenset(key for key in _READ_ONLY if key.startswith(("state", "lastUpdateStatus")))
"""Fields of an answer about a pending operation."""


def image_key(settings: Json) -> str:
    """The setting that names the image of a function's runtime."""
    return IMAGE_CONFIGS[settings["runtime"]]


def image_config(settings: Json) -> Json:
    config: Json = settings[image_key(settings)]
    return config


def created(request: Json) -> Json:
    """Settings of a new function: those of the request over FC's defaults."""
    return copy.deepcopy(_DEFAULTS) | writable(request)


def writable(request: Json) -> Json:
    """A copy of a request without the fields that only FC sets."""
    settings = {key: copy.deepcopy(value) for key, value in request.items() if key not in _READ_ONLY}
    container = settings.get(_CONTAINER)
    if isinstance(container, dict):
        container.pop("resolvedImageUri", None)
        container.pop("accelerationInfo", None)
        if container.get("port") == 0:  # pulumi-alicloud sends 0 if no port is set
            del container["port"]
    return settings


def merged(
    settings: Json, request: Json, *, merge_container: bool, merge_nested: bool, keep_masked_password: bool
) -> Json:
    """Settings after an update: fields left out stay, in customContainerConfig too when *merge_container*.

    *merge_nested*: fields left out of the objects inside it stay as well. An explicit empty value clears.
    *keep_masked_password*: a masked password in the request keeps the stored one.
    """
    changes = writable(request)
    old = settings.get(_CONTAINER) or {}
    container = changes.get(_CONTAINER)
    if isinstance(container, dict):
        if keep_masked_password and _password(container) == MASK:
            container["registryConfig"]["authConfig"]["password"] = _password(old)
        if merge_container:
            changes[_CONTAINER] = _deep(old, container) if merge_nested else old | container
    return settings | changes


def _deep(old: Json, new: Json) -> Json:
    both = {key for key in old.keys() & new.keys() if isinstance(old[key], dict) and isinstance(new[key], dict)}
    nested = {key: _deep(old[key], new[key]) if new[key] else {} for key in both}
    return old | new | nested


def _password(container: Json) -> str | None:
    login = (container.get("registryConfig") or {}).get("authConfig") or {}
    return login.get("password")


def view(record: FunctionRecord, snapshot: SettingsSnapshot, arn: str) -> Json:
    """The function as GetFunction returns it, with the settings of *snapshot*. Read-only.

    Fields that were never set are absent, and so is an empty status or reason.
    """
    container = copy.deepcopy(image_config(snapshot.settings))
    if _password(container):
        container["registryConfig"]["authConfig"]["password"] = MASK
    if snapshot.resolved is not None and image_key(snapshot.settings) == _CONTAINER:
        container["resolvedImageUri"] = snapshot.resolved.uri
    view = {
        **snapshot.settings,
        image_key(snapshot.settings): container,
        "functionArn": arn,
        "functionId": record.id,
        "functionName": record.name,
        "createdTime": iso(record.created),
        "lastModifiedTime": iso(record.modified),
        "codeSize": 0,
        "codeChecksum": "",
        "state": record.state,
    }
    optional = {
        "stateReason": record.state_reason,
        "stateReasonCode": record.state_reason_code,
        "lastUpdateStatus": record.last_update_status,
        "lastUpdateStatusReason": record.last_update_reason,
        "lastUpdateStatusReasonCode": record.last_update_reason_code,
        **({"lockInfo": copy.deepcopy(record.lock)} if record.lock else {}),
        **({"invocationRestriction": copy.deepcopy(record.restriction)} if record.restriction else {}),
        "tags": [{"Key": key, "Value": value} for key, value in record.tags.items()],
        **{key: view.pop(key) for key in _ABSENT_IF_EMPTY if key in view},
    }
    return view | {key: value for key, value in optional.items() if value}
