"""The models of `receiver.yaml`: every setting with its type, default, limits and description."""

from collections.abc import Callable, Iterator, Mapping
from datetime import time, timedelta
from enum import StrEnum
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from re import compile as pattern
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from fcpin.errors import InvalidInput, Problem, property_path
from fcpin.models import Model, Text, about, from_text, text_form
from fcpin.policy.times import DURATION, parse_duration
from fcpin.receiver.senders import SENDERS, Sender
from fcpin.receiver.settings.secrets import INSTANCE, AppriseUrl, RedisUrl, SenderSecret, Token
from fcpin.stack.engine import CHOICES

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK: Final = pattern(r"([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00")
_ZONE: Final = "Asia/Shanghai"
_MAX_WAIT: Final = timedelta(seconds=15)


def _parse_time(text: str) -> time:
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(f"must be a time of day such as 09:00, got {text[:80]!r}")
    return time(int(match[1]), int(match[2])) if match[1] else time(0)


def _parse_zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{text[:80]!r} is not a time zone; expected a name such as {_ZONE} or UTC") from None


def _parse_network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError(f"must be a network or an address such as 10.0.0.0/8, got {text[:80]!r}") from None


def _parse_days(text: str) -> Iterator[int]:
    """Raises ValueError for anything but `mon-fri`, `sat` or `mon,wed,fri`. 0 is Monday."""
    for part in text.lower().split(","):
        first, dash, last = part.strip().partition("-")
        start = DAYS.index(first)
        end = DAYS.index(last) if dash else start
        yield from ((start + day) % 7 for day in range((end - start) % 7 + 1))


def _at_least(seconds: int) -> Callable[[str], timedelta]:
    def parse(text: str) -> timedelta:
        duration = parse_duration(text)
        if duration < timedelta(seconds=seconds):
            raise ValueError(f"must be at least {seconds}s, got {text}")
        return duration

    return parse


def _duration(text: str) -> Any:
    """A default. It is made by a factory, because a schema of msgspec would have it in another form."""
    return msgspec.field(default_factory=partial(parse_duration, text))


def _about_duration(description: str, default: str) -> Meta:
    return about(description, default=f"`{default}`", schema={"default": default})


if TYPE_CHECKING:
    Duration: TypeAlias = timedelta
    ReplayWindow: TypeAlias = timedelta
    ScanInterval: TypeAlias = timedelta
    TimeOfDay: TypeAlias = time
    Zone: TypeAlias = ZoneInfo
    Network: TypeAlias = IPv4Network | IPv6Network
    SenderKind: TypeAlias = str
    EngineChoice: TypeAlias = str
    Folder: TypeAlias = Path
else:
    Duration = from_text(timedelta, parse_duration, pattern=DURATION)
    ReplayWindow = from_text(timedelta, _at_least(1), pattern=DURATION)
    ScanInterval = from_text(timedelta, _at_least(10), pattern=DURATION)
    TimeOfDay = from_text(time, _parse_time, pattern=f"^({_CLOCK.pattern})$")
    Zone = from_text(ZoneInfo, _parse_zone)
    Network = from_text(object, _parse_network)
    SenderKind = Literal[tuple(SENDERS)]
    EngineChoice = Literal[CHOICES]
    Folder = from_text(Path, Path)

StackName: TypeAlias = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$"), text_form("the name of a stack")
]
SenderName: TypeAlias = Annotated[
    str,
    Meta(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"),
    text_form("a name of a-z, 0-9 and '-', because it stands in a URL"),
]
RepositoryPattern: TypeAlias = Annotated[
    str,
    Meta(pattern=r"^[a-z0-9*][a-z0-9*._-]*(?:/[a-z0-9*._-]+)*$"),
    text_form("namespace/name without a host, with * for any characters but '/'"),
]
InstanceId: TypeAlias = Annotated[
    str, Meta(pattern=f"^{INSTANCE}$"), text_form("the id of an ACR Enterprise instance, cri-…")
]
VariablePattern: TypeAlias = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9_*]*[A-Za-z0-9_][A-Za-z0-9_*]*$"),
    text_form("the name of a variable, with * for any characters"),
]
HeaderName: TypeAlias = Annotated[str, Meta(pattern="^[A-Za-z0-9-]+$"), text_form("the name of a header")]


class Mode(StrEnum):
    """How a stack is deployed."""

    DEPLOY = "deploy"
    APPROVE = "approve"


class Outages(StrEnum):
    """What happens outside of the deploy windows when a deployed tag moves, which is an outage on Function Compute."""

    HEAL = "heal"
    WAIT = "wait"


class Window(Model):
    """When a stack may be deployed to."""

    day_names: Annotated[
        Text | Annotated[tuple[Text, ...], Meta(min_length=1)] | None,
        about(f"`mon-fri`, `sat`, or a list of {', '.join(DAYS)}.", default="every day"),
    ] = msgspec.field(default=None, name="days")
    start: Annotated[TimeOfDay, about("Time of day, in quotes.", example='"09:00"')] = msgspec.field(name="from")
    end: Annotated[
        TimeOfDay,
        about('Time of day, up to `"24:00"`; not after `from`: on the next day.', example='"18:00"'),
    ] = msgspec.field(name="to")
    zone: Annotated[Zone, about("A name of the time zone database.", example=_ZONE)]

    def __post_init__(self) -> None:
        try:
            _ = self.days
        except ValueError:
            reason = f"must be mon-fri or a list of {', '.join(DAYS)}, got {self.day_names!r}"
            raise InvalidInput(Problem("days", reason)) from None

    @property
    def days(self) -> frozenset[int]:
        """0 is Monday."""
        names = (self.day_names,) if isinstance(self.day_names, str) else self.day_names
        return frozenset(range(7)) if names is None else frozenset(day for one in names for day in _parse_days(one))


class StackSettings(Model):
    """How one stack converges."""

    schema_rules: ClassVar[Mapping[str, Any]] = {"type": ["object", "null"]}

    mode: Annotated[Mode, about("`approve`: each change needs an [approval](operations.md#approvals).")] = Mode.DEPLOY
    debounce: Annotated[
        Duration, _about_duration("A job starts when no event has arrived for this time: a burst is one job.", "1s")
    ] = _duration("1s")
    max_wait: Annotated[
        Duration | None,
        about(
            "The longest time from the first event of a burst to the job.",
            default="`15s`, or `debounce` if that is longer",
        ),
    ] = None
    windows: Annotated[
        tuple[Window, ...],
        about("When the stack may be [deployed to](operations.md#deploy-windows).", default="always"),
    ] = ()
    outages: Annotated[Outages, about("`wait`: a deployed tag that moved waits for a window, too.")] = Outages.HEAL

    def __post_init__(self) -> None:
        if self.max_wait is not None and self.max_wait < self.debounce:
            raise InvalidInput(Problem("max_wait", "must not be shorter than debounce"))

    @property
    def burst_limit(self) -> timedelta:
        """The effective `max_wait`."""
        return max(_MAX_WAIT, self.debounce) if self.max_wait is None else self.max_wait


class SenderSettings(Model):
    """A sender, which calls `/hooks/<name>`."""

    kind: Annotated[SenderKind, about("What it [sends](senders.md).", example="acr")]
    secrets: Annotated[
        tuple[SenderSecret, ...],
        Meta(min_length=1, max_length=2),
        about("Two are valid at once, while one replaces the other.", example="[env:ACR_SECRET]"),
    ]
    per_minute: Annotated[
        int, Meta(ge=1, le=100_000), about("Requests, which may come all at once; more are rejected with 429.")
    ] = 6000
    replay_window: Annotated[
        ReplayWindow | None,
        about("Older events are rejected, where an event has a time.", default="by [kind](senders.md)"),
    ] = None

    def sender(self, name: str) -> Sender:
        kind = SENDERS[self.kind]
        return kind(name, self.secrets, self.replay_window or kind.default_replay_window)


class PageSettings(Model):
    """Who may use the page."""

    schema_rules: ClassVar[Mapping[str, Any]] = {
        "anyOf": [{"required": ["token"]}, {"required": ["user_header"]}],
        "dependencies": {"user_header": ["trusted"]},
    }

    token: Annotated[Token | None, about("A secret for the login.")] = None
    user_header: Annotated[HeaderName | None, about("In which an authenticating proxy names the user.")] = None
    trusted: Annotated[tuple[Network, ...], about("The networks of that proxy; they are `trusted_proxies`, too.")] = ()
    session_key: Annotated[Token | None, about("A secret that signs logins; without it every restart ends them.")] = (
        None
    )

    def __post_init__(self) -> None:
        if self.token is None and self.user_header is None:
            raise InvalidInput(
                Problem("token", "is required, or user_header with trusted: the page has no login otherwise")
            )
        if self.user_header is not None and not self.trusted:
            raise InvalidInput(
                Problem("trusted", "is required with user_header: the networks of the proxy that sets it")
            )


class ReceiverSettings(Model):
    """The whole file."""

    project: Annotated[Folder, about("The folder of the Pulumi program.", default="`.`", schema={"default": "."})] = (
        msgspec.field(default_factory=partial(Path, "."))
    )
    stacks: Annotated[
        dict[StackName, StackSettings],
        Meta(min_length=1),
        about("The stacks to converge, by name.", example="dev: {}"),
    ]
    senders: Annotated[
        dict[SenderName, SenderSettings],
        Meta(min_length=1),
        about("The senders, by the name in `/hooks/<name>`.", example="acr: {kind: acr, secrets: [env:ACR_SECRET]}"),
    ]
    engine: Annotated[EngineChoice, about("`auto`: the Pulumi CLI if it is installed.")] = "auto"
    state: Annotated[
        Folder,
        about("The folder of the ledger and of the runs.", default="`.receiver`", schema={"default": ".receiver"}),
    ] = msgspec.field(default_factory=partial(Path, ".receiver"))
    redis: Annotated[
        RedisUrl | None,
        about("A secret, `redis://…`: several machines [share the work](operations.md#the-ledger)."),
    ] = None
    workers: Annotated[int, Meta(ge=1, le=64), about("Stacks that converge at once on this machine.")] = 4
    attempts: Annotated[int, Meta(ge=1, le=100), about("Attempts at a job until it is `failed`.")] = 6
    scan_interval: Annotated[
        ScanInterval,
        _about_duration("How often every function is [scanned](operations.md#drift-scans).", "5m"),
    ] = _duration("5m")
    repositories: Annotated[
        tuple[RepositoryPattern, ...],
        about(
            "Whose events are accepted: `namespace/name`, `*` for any characters but a slash.",
            default="those with a pin",
        ),
    ] = ()
    instances: Annotated[
        dict[InstanceId, Text], about("ACR Enterprise: `cri-…` to the name that its hosts begin with.")
    ] = msgspec.field(default_factory=dict)
    page: Annotated[PageSettings | None, about("[The page](operations.md#the-page).", default="no page")] = None
    notify: Annotated[tuple[AppriseUrl, ...], about("Secrets: [URLs of apprise](operations.md#notifications).")] = ()
    metrics_token: Annotated[Token | None, about("A secret that `/metrics` requires.", default="no authentication")] = (
        None
    )
    trusted_proxies: Annotated[
        tuple[Network, ...],
        about("Networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted."),
    ] = ()
    environment: Annotated[
        tuple[VariablePattern, ...],
        about("More variables that [engines inherit](operations.md#environment), `*` for any characters."),
    ] = ()

    def __post_init__(self) -> None:
        problems = [
            Problem(property_path("stacks", name) + ".mode", "approve needs a page to approve on; set `page`")
            for name, stack in self.stacks.items()
            if stack.mode is Mode.APPROVE and self.page is None
        ]
        if problems:
            raise InvalidInput(*problems)
