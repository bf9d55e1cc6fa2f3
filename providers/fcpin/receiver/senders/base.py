"""The seam of the senders: what comes in, what a sender makes of it, and what they share."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Protocol, TypeAlias

from fcpin.receiver.errors import Rejected
from fcpin.receiver.push_event import PushEvent
from fcpin.receiver.senders.node import Node
from fcpin.receiver.senders.ways import Way
from fcpin.receiver.settings.model import SenderSettings

JSON: Final = "application/json"
REGISTRY: Final = "registry"
"""`?registry=HOST` in the URL: the host that images name, where the sender knows the registry by another."""


@dataclass(frozen=True, slots=True)
class HookRequest:
    """One request to `/hooks/<name>`, read whole. It may carry a secret anywhere: never print it."""

    body: bytes = field(repr=False)
    now: datetime
    """When it came."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By lower-case names."""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    segments: tuple[str, ...] = field(default=(), repr=False)
    """Of the path, after the sender's name."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A valid event that never changes which image a tag points at."""

    event: str
    """A label in `/metrics`, of the names that the sender's `ignores` has."""


Heard: TypeAlias = PushEvent | Ignored | Rejected
"""One event of a request. One refusal hides no other event."""


class Sender(Protocol):
    """One sender of the configuration."""

    @property
    def settings(self) -> SenderSettings:
        """How it is configured."""

    ways: ClassVar[Collection[Way]]
    """How it proves who it is."""
    media_types: ClassVar[Collection[str]]
    """Content types that it sends."""
    replay_window: ClassVar[timedelta]
    """How old an event may be unless the configuration says otherwise."""
    insists: ClassVar[bool]
    """Whether it repeats what is not answered with 2xx for ever, and holds back all that comes after."""
    takes: ClassVar[Collection[str]]
    """Names of the events that become pushes."""
    ignores: ClassVar[Collection[str]]
    """Names of the events that are counted, and change nothing."""
    summary: ClassVar[str]
    schema: ClassVar[Mapping[str, Any]]
    """Of the body: JSON schema, 2020-12."""

    def validate(self, request: HookRequest) -> None:
        """Raises Rejected unless the request proves to be the sender's."""

    def parse(self, request: HookRequest) -> tuple[Heard, ...]:
        """Every event of the request.

        Raises Rejected when the whole of it cannot be read.
        """


def heard(parts: Iterable[Node], read: Callable[[Node], PushEvent | Ignored]) -> tuple[Heard, ...]:
    """What *read* returns for each part, or the Rejected that it raises."""
    found: list[Heard] = []
    for part in parts:
        try:
            found.append(read(part))
        except Rejected as refusal:
            found.append(refusal)
    return tuple(found)


def event_id(*parts: object) -> str:
    """The same for the same event, and for no other; of 32 characters, whatever the sender calls it."""
    text = "\n".join(repr(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def check_age(moment: datetime | None, request: HookRequest, window: timedelta) -> None:
    """Raises Rejected for an event that is older than *window*, or from as far in the future."""
    if moment is not None and abs(request.now - moment) > window:
        age = (request.now - moment).total_seconds()
        says = f"is {age:.0f} s old" if age > 0 else f"will happen in {-age:.0f} s"
        remedy = f"replay_window is {window.total_seconds():g} s; see whether its clock is right"
        raise Rejected(400, "replayed", f"the event says that it {says}; {remedy}")


def unknown_event(name: str, known: Iterable[str]) -> Rejected:
    """For an event that this version has not heard of."""
    return Rejected(400, "unknown_event", f"unknown event {name[:80]!r}; known: {', '.join(known)}")
