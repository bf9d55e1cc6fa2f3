"""The operations on functions."""

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from fcpin.emulator.fc import errors, rules, settings
from fcpin.emulator.fc.images import Images, ImageUnusable, UnrunnableImage
from fcpin.emulator.fc.instances import LATEST
from fcpin.emulator.fc.model import (
    FunctionRecord,
    Json,
    PlannedFailure,
    ResolvedImage,
    SettingsSnapshot,
    Version,
    begin_create,
    begin_update,
    settle,
)
from fcpin.emulator.knobs import Knobs
from fcpin.emulator.state import EmulatorClock, Ids, State

ACCOUNT_ID = "1234567890123456"
REGION = "cn-hangzhou"
_ARN = f"acs:fc:{REGION}:{ACCOUNT_ID}:functions/"
_STATUS = frozenset(
    {
        "state", "stateReason", "stateReasonCode", "lastUpdateStatus", "lastUpdateStatusReason",
        "lastUpdateStatusReasonCode",
    }
)  # fmt: skip
_HIDDEN_IN_LISTINGS = {
    "no-status": _STATUS,
    "full": frozenset[str](),
    "brief": _STATUS | frozenset(rules.IMAGE_CONFIGS.values()),
}
"""By position of the knob listed_functions.

https://www.alibabacloud.com/help/en/functioncompute/fc/developer-reference/api-fc-2023-03-30-listfunctions
"""


class FunctionCompute:
    """One method per operation; JSON objects in and out. Raises FcError.

    Images are resolved outside the lock, because a registry may be another process.
    """

    def __init__(
        self,
        state: State,
        images: Images,
        is_login: Callable[[str, str], bool],
        clock: EmulatorClock,
        ids: Ids,
        knobs: Knobs,
        lock: AbstractContextManager[Any],
    ) -> None:
        self._state = state
        self._images = images
        self._is_login = is_login
        self._clock = clock
        self._ids = ids
        self._knobs = knobs
        self._lock = lock

    def record(self, name: str) -> FunctionRecord:
        """The function, settled. Raises FunctionNotFound."""
        record = self._state.functions.get(name)
        if record is None:
            raise errors.function_not_found(name)
        settle(record, self._clock.now())
        return record

    def create(self, request: Json) -> Json:
        return self.make(rules.check_name(request.get("functionName")), request)

    def make(self, name: str, request: Json) -> Json:
        """Create a function under any *name*, also one of FC 2.0, which CreateFunction rejects."""
        if name in self._state.functions:
            raise errors.function_exists(name)
        wanted = settings.created(request)
        rules.check_settings(wanted)
        pin, failure = self._resolve(settings.image_config(wanted))
        tags = {tag["Key"]: tag.get("Value", "") for tag in request.get("tags") or []}
        with self._lock:
            if name in self._state.functions:
                raise errors.function_exists(name)
            now = self._clock.now()
            record = FunctionRecord(name, self._ids.uuid(), now, now, SettingsSnapshot(wanted, pin), tags=tags)
            failure = self._state.planned_failures.pop(name, failure)
            begin_create(record, now + self._knobs.create_seconds, failure)
            settle(record, now)
            self._state.functions[name] = record
            return self._answered(self.view(record))

    def update(self, name: str, request: Json) -> Json:
        record = self.record(name)
        _check_lock(record)
        if self._knobs.concurrent_update == "conflict" and record.last_update_status == "InProgress":
            raise errors.concurrent_update(name)
        before = record.wanted
        after = settings.merged(
            before.settings,
            request,
            merge_container=self._knobs.update_merge == "merge",
            merge_nested=self._knobs.nested_merge == "merge",
            keep_masked_password=self._knobs.masked_login_input == "ignored",
        )
        rules.check_settings(after)
        requested = request.get(settings.image_key(after)) or {}
        pin, failure = self._repin(before, settings.image_config(after), requested)
        with self._lock:
            record = self.record(name)
            now, stale = self._clock.now(), copy.deepcopy(self.view(record))
            record.wanted, record.modified = SettingsSnapshot(after, pin), now
            failure = self._state.planned_failures.pop(name, failure)
            begin_update(record, now + self._knobs.update_seconds, failure)
            settle(record, now)
            return stale if self._knobs.update_answer == "stale" else self._answered(self.view(record))

    def get(self, name: str, qualifier: str = "") -> Json:
        record = self.record(name)
        if qualifier in ("", LATEST):
            return self.view(record)
        version = resolve(record, qualifier)
        return settings.view(record, version.snapshot, f"{arn(name)}/{qualifier}")

    def delete(self, name: str) -> None:
        """Raises FunctionLocked, FunctionNotEmpty for a function with triggers, FunctionNotFound."""
        _check_lock(self.record(name))
        if self.record(name).triggers:
            raise errors.function_not_empty(name)
        del self._state.functions[name]

    def records(self, prefix: str = "") -> list[FunctionRecord]:
        """The functions whose names begin with *prefix*, by name."""
        return [self.record(name) for name in sorted(self._state.functions) if name.startswith(prefix)]

    def view(self, record: FunctionRecord) -> Json:
        return settings.view(record, record.wanted, arn(record.name))

    def listed(self, record: FunctionRecord) -> Json:
        """The function as ListFunctions returns it."""
        hidden = _HIDDEN_IN_LISTINGS[self._knobs.listed_functions]
        return {key: value for key, value in self.view(record).items() if key not in hidden}

    def _answered(self, view: Json) -> Json:
        """*view* as CreateFunction and UpdateFunction return it."""
        hidden = settings.STATUS if self._knobs.update_answer == "bare" else frozenset[str]()
        return {key: value for key, value in view.items() if key not in hidden}

    def _repin(
        self, before: SettingsSnapshot, container: Json, request: Json
    ) -> tuple[ResolvedImage | None, PlannedFailure | None]:
        """The image after an update with *request*, whose merged container configuration is *container*."""
        if before.resolved is not None:
            if not request.get("image") and self._knobs.other_update == "keep":
                return before.resolved, None
            if request.get("image") == settings.image_config(before.settings)["image"]:
                if self._knobs.same_image_update == "error":
                    raise errors.invalid(f"image {request['image']} is already the image of the function")
                if self._knobs.same_image_update == "keep":
                    return before.resolved, None
        pin, failure = self._resolve(container)
        return (pin or before.resolved), failure

    def _resolve(self, container: Json) -> tuple[ResolvedImage | None, PlannedFailure | None]:
        """The image of the container, or the failure of the operation."""
        login = (container.get("registryConfig") or {}).get("authConfig") or {}
        user, password = login.get("userName") or "", login.get("password") or ""
        if (user or password) and not self._is_login(user, password):
            return None, self._unusable(f"image {container['image']}: unauthorized: wrong user name or password")
        try:
            return self._images.resolve(container["image"]), None
        except UnrunnableImage as error:
            raise errors.invalid(str(error)) from None
        except ImageUnusable as error:
            return None, self._unusable(str(error))

    def _unusable(self, reason: str) -> PlannedFailure:
        if self._knobs.missing_image == "sync":
            raise errors.invalid(reason)
        return PlannedFailure("PullImageFailed", reason)


def _check_lock(record: FunctionRecord) -> None:
    if "function" in (record.lock.get("lockedResources") or ()):
        raise errors.function_locked(record.name, record.lock.get("lockedBy") or "")


def resolve(record: FunctionRecord, qualifier: str) -> Version:
    """The version that a version id or an alias names. Raises VersionNotFound, AliasNotFound."""
    alias = record.aliases.get(qualifier)
    if alias is None and not qualifier.isdecimal():
        raise errors.alias_not_found(record.name, qualifier)
    wanted = alias.version_id if alias else qualifier
    if wanted not in record.versions:
        raise errors.version_not_found(record.name, wanted)
    return record.versions[wanted]


def arn(name: str) -> str:
    return f"{_ARN}{name}"


def name_of(text: Any) -> str:
    """The function that an ARN names, or an empty string."""
    return str(text).removeprefix(_ARN) if str(text).startswith(_ARN) else ""
