"""A push, as a sender reports it: a hint where to look. The registry is always queried again."""

from dataclasses import dataclass
from datetime import datetime

from fcpin.image import Digest


@dataclass(frozen=True, slots=True)
class RepositoryHint:
    """As much as a sender reports of a repository. An empty field matches anything."""

    path: str
    """`namespace/name`."""
    host: str = ""
    """Registry host as images name it, with its port if it has one."""
    region: str = ""
    instance: str = ""
    """Of ACR Enterprise: the id, `cri-…`, or the name that its hosts begin with. Empty for Personal and others."""


@dataclass(frozen=True, slots=True)
class PushEvent:
    """One tag that was pushed, moved, built or scanned."""

    sender: str
    """The name of the sender in the configuration."""
    id: str
    """Unique among the sender's events; an event that is delivered twice keeps it. At most 100 characters."""
    repository: RepositoryHint
    tag: str | None
    """None where the sender names a digest only: it may concern every pin on the repository."""
    digest: Digest | None = None
    pushed: datetime | None = None
    """Time of the push, with a time zone; None where the sender reports no time, or no zone."""
    received: datetime | None = None
    """When the receiver got the event."""
