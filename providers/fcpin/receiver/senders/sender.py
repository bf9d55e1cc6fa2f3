"""The interface of the senders: the request, the events parsed from it, and what the senders share."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, TypeAlias

from fcpin.receiver.errors import Reason, Rejected
from fcpin.receiver.push_event import PushEvent
from fcpin.receiver.senders.authentication import IN_URL, Carried, SecretLocation, check_secret
from fcpin.receiver.senders.json_fields import JsonField, registry_host
from fcpin.receiver.settings.secrets import Secret

JSON: Final = "application/json"
_REGISTRY: Final = "registry"


@dataclass(frozen=True, slots=True)
class HookRequest:
    """One request to `/hooks/<name>`, read whole. It may carry a secret anywhere: never print it."""

    body: bytes = field(repr=False)
    now: datetime
    """When it was received."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By lower-case names."""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    segments: tuple[str, ...] = field(default=(), repr=False)
    """Of the path, after the sender's name."""

    @property
    def carried(self) -> Carried:
        return Carried(self.headers, self.query, self.segments)


@dataclass(frozen=True, slots=True)
class Ignored:
    """A valid event that never changes which image a tag points at."""

    event: str
    """A label in `/metrics`, from the sender's `ignored_events`."""


ParsedEvent: TypeAlias = PushEvent | Ignored | Rejected
"""One event of a request. One rejection hides no other event."""


@dataclass(frozen=True, slots=True)
class Sender(ABC):
    """One sender of the configuration."""

    name: str
    secrets: Sequence[Secret]
    replay_window: timedelta

    kind: ClassVar[str]
    """In the configuration."""
    summary: ClassVar[str]
    """What it sends, for the documentation."""
    schema: ClassVar[Mapping[str, Any]]
    """Of the body: JSON schema, 2020-12."""
    accepted: ClassVar[str]
    """Which events become pushes, for the documentation."""
    ignored_events: ClassVar[Mapping[str, str]] = {}
    """Labels of the events that change no tag, each with a remark for the documentation or an empty one."""
    secret_locations: ClassVar[frozenset[SecretLocation]] = IN_URL | {SecretLocation.AUTHORIZATION}
    media_types: ClassVar[Sequence[str]] = (JSON,)
    default_replay_window: ClassVar[timedelta] = timedelta(days=1)
    """At least as long as the sender retries."""
    retries_forever: ClassVar[bool] = False
    """Whether it repeats what is not answered with 2xx without an end, and holds back all later events."""

    def authenticate(self, request: HookRequest) -> None:
        """Raise InvalidSecret unless *request* carries one of the secrets in one of the locations."""
        check_secret(request.carried, request.body, self.secrets, self.secret_locations)

    @abstractmethod
    def parse(self, request: HookRequest) -> tuple[ParsedEvent, ...]:
        """Return every event of *request*. Raises Rejected when none of it can be read."""

    def check_age(self, moment: datetime | None, request: HookRequest) -> None:
        """Raise Rejected for an event that is older than the replay window, or from as far in the future."""
        if moment is None or abs(request.now - moment) <= self.replay_window:
            return
        age = (request.now - moment).total_seconds()
        found = f"{age:.0f} s old" if age > 0 else f"{-age:.0f} s in the future"
        raise Rejected(
            Reason.REPLAYED,
            f"the event is {found}; replay_window is {self.replay_window.total_seconds():g} s; "
            "check the clocks of the sender and of the receiver",
        )


def parse_each(
    parts: Iterable[JsonField], parse: Callable[[JsonField], PushEvent | Ignored]
) -> tuple[ParsedEvent, ...]:
    """Return what *parse* returns for each part, or the Rejected that it raises."""
    events: list[ParsedEvent] = []
    for part in parts:
        try:
            events.append(parse(part))
        except Rejected as rejection:
            events.append(rejection)
    return tuple(events)


def event_id(*parts: object) -> str:
    """Return 32 characters that are the same for the same event and for no other."""
    text = "\n".join(repr(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def host_of(request: HookRequest, reported: str, path: str) -> str:
    """Return the registry host that images name: `?registry=HOST` in the URL of the hook, else what the event reports.

    *path* is where in the event *reported* stands. Raises Rejected for an invalid host.
    """
    if named := request.query.get(_REGISTRY):
        return registry_host(named, f"?{_REGISTRY}")
    return registry_host(reported, path)


def unknown_event(name: str, known: Iterable[str]) -> Rejected:
    return Rejected(Reason.UNKNOWN_EVENT, f"unknown event {name[:80]!r}; known events: {', '.join(known)}")
