"""Calls of functions. Running instances keep their image; a new instance needs the image that FC resolved."""

from dataclasses import dataclass
from random import Random

from fcpin.emulator.fc.errors import alias_not_found, version_not_found
from fcpin.emulator.fc.images import Images, ImageUnusable
from fcpin.emulator.fc.model import FunctionInstance, FunctionRecord, ResolvedImage, begin_activate, fail, settle
from fcpin.emulator.knobs import Knobs
from fcpin.emulator.state import EmulatorClock, Ids

LATEST = "LATEST"
_PULL_FAILED = "PullImageFailed"
_PULL_MESSAGE = "Failed to pull image. failed to create container due to resolved image uri deleted"
_PULL_FAILED_STATUS = 400
"""Not documented."""
_IDLE_SECONDS = 300
"""After which an unused instance ends; the documentation names a few minutes."""
_NOT_READY = 412
"""For calls of a function that is not Active. The documentation states only that they fail."""
_DISABLED = 403
"""For calls of a function whose invocation is disabled. Not documented."""


@dataclass(frozen=True, slots=True)
class InvokeResult:
    """The result of InvokeFunction. After a success `code` and `message` are empty, and `digest` served the call."""

    status: int
    code: str = ""
    message: str = ""
    digest: str = ""


class FunctionInstances:
    def __init__(self, images: Images, clock: EmulatorClock, ids: Ids, knobs: Knobs, random: Random) -> None:
        self._images = images
        self._clock = clock
        self._ids = ids
        self._knobs = knobs
        self._random = random

    def invoke(self, record: FunctionRecord, qualifier: str = "", *, cold: bool = False) -> InvokeResult:
        """Call the function; *cold* in a new instance, even if one is running. Raises FcError for a wrong qualifier."""
        now = self._clock.now()
        settle(record, now)
        version, pin = self._target(record, qualifier)
        if record.restriction.get("disable"):
            message = f"invocation of function '{record.name}' is disabled: {record.restriction.get('reason') or ''}"
            return InvokeResult(_DISABLED, "FunctionDisabled", message)
        if version == "0" and record.state != "Active":
            return self._not_ready(record)
        if pin is None:
            return InvokeResult(_NOT_READY, "FunctionNotReady", f"function '{record.name}' has no image to run")
        warm = [one for one in self.running(record) if one.version_id == version]
        if cold or not warm:
            if not self._can_start(pin):
                return self._pull_failed(record)
            warm = [FunctionInstance(f"c-{self._ids.hex(32)}", version, pin.digest, now, now)]
            record.instances += warm
        warm[-1].last_used = now
        return InvokeResult(200, digest=warm[-1].digest)

    def running(self, record: FunctionRecord) -> list[FunctionInstance]:
        """The instances of a function, without those that ended because they were idle."""
        idle_since = self._clock.now() - _IDLE_SECONDS
        record.instances = [one for one in record.instances if one.last_used > idle_since]
        return record.instances

    def _can_start(self, pin: ResolvedImage) -> bool:
        try:
            return self._images.can_start(pin)
        except ImageUnusable:
            return False

    def _pull_failed(self, record: FunctionRecord) -> InvokeResult:
        if self._knobs.mark_failed:
            fail(record, _PULL_FAILED, _PULL_MESSAGE)
        return InvokeResult(_PULL_FAILED_STATUS, _PULL_FAILED, _PULL_MESSAGE)

    def _not_ready(self, record: FunctionRecord) -> InvokeResult:
        message = f"function '{record.name}' cannot be invoked in state {record.state}: {record.state_reason}"
        if record.state == "Inactive":
            begin_activate(record, self._clock.now() + self._knobs.create_seconds)
        elif record.state == "Failed" and record.state_reason_code == _PULL_FAILED:
            return InvokeResult(_PULL_FAILED_STATUS, _PULL_FAILED, record.state_reason)
        return InvokeResult(_NOT_READY, "FunctionNotReady", message)

    def _target(self, record: FunctionRecord, qualifier: str) -> tuple[str, ResolvedImage | None]:
        """Version id ("0" for LATEST) and image that serve a call."""
        if qualifier in ("", LATEST):
            return "0", record.serving.resolved if record.serving else None
        if qualifier.isdecimal():
            version = record.versions.get(qualifier)
            if version is None:
                raise version_not_found(record.name, qualifier)
            return version.id, version.snapshot.resolved
        alias = record.aliases.get(qualifier)
        if alias is None:
            raise alias_not_found(record.name, qualifier)
        draw = self._random.random()
        for other, share in alias.weights.items():
            if draw < share:
                return self._target(record, other)
        return self._target(record, alias.version_id)
