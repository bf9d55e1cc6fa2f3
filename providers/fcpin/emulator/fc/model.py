"""The record of a function, and its state machine.

1. Create: `state` Pending without a `lastUpdateStatus`; then Active and Successful, or Failed.
2. Update: `lastUpdateStatus` InProgress without a reason while the former settings serve; then Successful and the new
   ones serve, or Failed and the former ones remain.
3. Inactive: a call is rejected, but makes the function Pending and then Active again.

Nothing runs in the background: each request first settles what is due.
"""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
"""A JSON object, as it is on the wire."""


@dataclass
class ResolvedImage:
    """The image that FC resolved when the function was created or updated."""

    host: str
    path: str
    tag: str
    """Empty when the image was given by digest."""
    digest: str
    """The one in resolvedImageUri."""
    tag_digest: str
    """The digest of the tag: that of the index, where `digest` is a child of it."""

    @property
    def uri(self) -> str:
        return f"{self.host}/{self.path}@{self.digest}"


@dataclass
class SettingsSnapshot:
    """Settings with their image: those in effect, or a published version."""

    settings: Json
    resolved: ResolvedImage | None


@dataclass
class PlannedFailure:
    """The failure of the next accepted update (or create) of a function."""

    reason_code: str
    reason: str


@dataclass
class Transition:
    """A pending change of the state. `due` is on the emulator's clock."""

    kind: str
    """`create`, `update` or `activate`."""
    due: float
    failure: PlannedFailure | None = None


@dataclass
class Version:
    """A published version: immutable."""

    id: str
    description: str
    created: float
    snapshot: SettingsSnapshot


@dataclass
class FunctionAlias:
    """A name for a version, with a share of the calls for another one."""

    name: str
    version_id: str
    description: str
    created: float
    modified: float
    weights: dict[str, float] = field(default_factory=dict)


@dataclass
class Trigger:
    """An event source of a function."""

    name: str
    id: str
    type: str
    config: str
    """JSON, as the client sent it."""
    qualifier: str
    created: float
    modified: float
    description: str = ""
    invocation_role: str = ""
    source_arn: str = ""


@dataclass
class FunctionInstance:
    """A running container. It keeps its image when the tag moves."""

    id: str
    version_id: str
    digest: str
    started: float
    last_used: float


@dataclass
class FunctionRecord:
    """One function: its requested settings, those in effect, and the pending update."""

    name: str
    id: str
    created: float
    modified: float
    wanted: SettingsSnapshot
    serving: SettingsSnapshot | None = None
    transition: Transition | None = None
    state: str = "Pending"
    state_reason: str = ""
    state_reason_code: str = ""
    last_update_status: str = ""
    last_update_reason: str = ""
    last_update_reason_code: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    last_version: int = 0
    aliases: dict[str, FunctionAlias] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    instances: list[FunctionInstance] = field(default_factory=list)
    lock: Json = field(default_factory=dict)
    """`lockInfo`; empty while the function is not locked."""
    restriction: Json = field(default_factory=dict)
    """`invocationRestriction`; empty while the function may be invoked."""


def begin_create(record: FunctionRecord, due: float, failure: PlannedFailure | None) -> None:
    record.transition = Transition("create", due, failure)
    _set_state(record, "Pending", "Creating", "The function is being created.")


def begin_update(record: FunctionRecord, due: float, failure: PlannedFailure | None) -> None:
    record.transition = Transition("update", due, failure)
    _set_update(record, "InProgress")


def begin_activate(record: FunctionRecord, due: float) -> None:
    record.transition = Transition("activate", due)
    _set_state(record, "Pending", "Restoring", "Function restoring")


def deactivate(record: FunctionRecord) -> None:
    """Set the state Inactive, as after weeks without a call."""
    record.instances.clear()
    _set_state(record, "Inactive", "Idle", "Function is inactive: it was not invoked for a long time")


def fail(record: FunctionRecord, code: str, reason: str) -> None:
    """Set the state Failed."""
    _set_state(record, "Failed", code, reason)


def settle(record: FunctionRecord, now: float) -> None:
    """Carry out the transition that is due at *now* (seconds on the emulator's clock)."""
    transition = record.transition
    if transition is None or now < transition.due:
        return
    record.transition = None
    if transition.failure is not None:
        _end_failed(record, transition)
        return
    record.serving = record.wanted
    _set_state(record, "Active")
    if transition.kind == "update":
        record.instances = [one for one in record.instances if one.version_id != "0"]
    _set_update(record, "Successful")


def finish(record: FunctionRecord) -> None:
    """Carry out the pending transition now, before it is due."""
    if record.transition is not None:
        settle(record, record.transition.due)


def _end_failed(record: FunctionRecord, transition: Transition) -> None:
    failure = transition.failure or PlannedFailure("", "")
    if transition.kind == "create":
        _set_state(record, "Failed", failure.reason_code, failure.reason)
    _set_update(record, "Failed", failure.reason_code, failure.reason)


def _set_state(record: FunctionRecord, state: str, code: str = "", reason: str = "") -> None:
    record.state, record.state_reason_code, record.state_reason = state, code, reason


def _set_update(record: FunctionRecord, status: str, code: str = "", reason: str = "") -> None:
    record.last_update_status, record.last_update_reason_code, record.last_update_reason = status, code, reason
