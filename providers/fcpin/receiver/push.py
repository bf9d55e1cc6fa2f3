"""A push, as a sender tells of it: a hint where to look. The registry is always asked again."""

from dataclasses import dataclass
from datetime import datetime

from fcpin.image import Digest


@dataclass(frozen=True, slots=True)
class Place:
    """As much as a sender tells of where a repository is. What is empty may be anything."""

    path: str
    """`namespace/name`."""
    host: str = ""
    """Registry host as images name it, with its port if it has one."""
    region: str = ""
    instance: str = ""
    """Of ACR Enterprise: the id, `cri-…`, or the name that its hosts begin with. Empty for Personal and others."""


@dataclass(frozen=True, slots=True)
class Push:
    """One tag that was pushed, moved, built or scanned."""

    sender: str
    """The name of the sender in the configuration."""
    event: str
    """Unique among the sender's events: the same event told twice has the same. At most 100 characters."""
    place: Place
    tag: str | None
    """None where the sender names a digest only: it may concern every pin on the repository."""
    digest: Digest | None = None
    pushed: datetime | None = None
    """When it was pushed, with a time zone; None where the sender does not tell, or not in which zone."""
    received: datetime | None = None
    """When the receiver heard of it."""
