"""What the configuration says, as values that are valid once they exist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

from fcpin.receiver.settings.secrets import Secret

Network: TypeAlias = IPv4Network | IPv6Network


class Mode(StrEnum):
    """What becomes of a push."""

    DEPLOY = "deploy"
    APPROVE = "approve"
    """It waits for somebody to approve exactly the change that it makes."""


@dataclass(frozen=True, slots=True)
class Window:
    """When a stack may be deployed to."""

    days: frozenset[int]
    """0 is Monday."""
    start: time
    end: time
    """Not after *start*: on the next day. Equal: a whole day."""
    zone: ZoneInfo


class Outages(StrEnum):
    """What becomes of a deployed tag that was moved, outside of the windows. On FC that is an outage."""

    HEAL = "heal"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class StackSettings:
    """How one stack is converged."""

    name: str
    mode: Mode = Mode.DEPLOY
    quiet: timedelta = timedelta(seconds=1)
    """A job begins when no push has come for so long: a burst is one convergence."""
    at_most: timedelta = timedelta(seconds=15)
    """It begins so long after its first push at the latest."""
    windows: Sequence[Window] = ()
    """Empty: always."""
    outages: Outages = Outages.HEAL


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """Who may tell of pushes, at `/hooks/<name>`."""

    name: str
    kind: str
    """`acr`, `eventbridge`, `distribution`, `harbor` or `generic`."""
    secrets: Sequence[Secret]
    """One, or two while they are changed over."""
    per_minute: int = 6000
    """Requests, which may come all at once; more are refused with 429."""
    replay_window: timedelta = timedelta(minutes=10)
    """An event that says it is older than this is refused. Not for senders that tell no time.

    The file's default is the kind's own: one that repeats what was not answered has to be let in after an outage.
    """


@dataclass(frozen=True, slots=True)
class PageSettings:
    """Who may see the page and press its buttons: whoever knows the token, or whom a proxy vouches for."""

    token: Secret | None = None
    user_header: str = ""
    """Set by an authenticating proxy, and believed from *trusted* only."""
    trusted: Sequence[Network] = ()
    """Networks of that proxy. It is one of the trusted proxies, too."""
    session_key: Secret | None = None
    """Signs the login cookie; None makes one at each start, and everybody has to log in again."""


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """The whole file."""

    project: Path
    """The folder of the Pulumi program."""
    stacks: Mapping[str, StackSettings]
    senders: Mapping[str, SenderSettings]
    engine: str = "auto"
    """`auto`, `pulumi` or `embedded`."""
    state: Path = Path(".receiver")
    """Folder of the SQLite files; not used with *redis*."""
    redis: Secret | None = None
    """`redis://…`: several machines work the queue."""
    workers: int = 4
    """Stacks that converge at once, on this machine."""
    attempts: int = 6
    """How often a job is tried before it is given up."""
    survey_every: timedelta = timedelta(minutes=5)
    """How often every function is looked at, for the page and the metrics."""
    repositories: Sequence[str] = ()
    """`namespace/name`, `*` for any characters but a slash. Empty: those that the stacks have a pin on."""
    instances: Mapping[str, str] = field(default_factory=dict)
    """ACR Enterprise: instance id to the name that its hosts begin with."""
    page: PageSettings | None = None
    """None: there is no page."""
    notify: Sequence[Secret] = ()
    """Addresses for apprise: `dingtalk://…`, `feishu://…`, `slack://…`, `json://…`"""
    metrics_token: Secret | None = None
    """None: `/metrics` is open."""
    trusted_proxies: Sequence[Network] = ()
    """Networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
    environment: Sequence[str] = ()
    """Names of variables that engines inherit beside `PASSED_ON`; `*` for any characters."""
