"""What Function Compute remembers of a function."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
"""A JSON object, as it is on the wire."""


@dataclass
class Pin:
    """What FC noted of an image when the function was created or updated."""

    host: str
    path: str
    tag: str
    """Empty when the image was given by digest."""
    digest: str
    """The one in resolvedImageUri."""
    tag_digest: str
    """What the tag pointed at: the index, where `digest` is a child of it."""

    @property
    def uri(self) -> str:
        return f"{self.host}/{self.path}@{self.digest}"


@dataclass
class Snapshot:
    """Settings with the pin they run: what serves requests, or a published version."""

    settings: Json
    pin: Pin | None


@dataclass
class PlannedFailure:
    """How the next accepted update (or create) of a function ends."""

    reason_code: str
    reason: str


@dataclass
class Transition:
    """Something under way. `due` is on the emulator's clock."""

    kind: str
    """`create`, `update` or `activate`."""
    due: float
    failure: PlannedFailure | None = None


@dataclass
class Version:
    """Published: never changes again."""

    id: str
    description: str
    created: float
    snapshot: Snapshot


@dataclass
class Alias:
    """A name for a version, with a share for another one."""

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
class Instance:
    """A running container. It keeps its image, whatever becomes of the tag."""

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
    wanted: Snapshot
    serving: Snapshot | None = None
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
    aliases: dict[str, Alias] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    instances: list[Instance] = field(default_factory=list)
    lock: Json = field(default_factory=dict)
    """`lockInfo`; empty while the function is not locked."""
    restriction: Json = field(default_factory=dict)
    """`invocationRestriction`; empty while the function may be invoked."""
