"""What becomes of a request to a hook: who sent it, what it tells, which stacks that concerns; then it is kept.

Nothing here starts a process or asks a registry. It is written to the ledger before the sender hears of it.
"""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final, Protocol, Self, TypeAlias

from fcpin.clock import Clock
from fcpin.receiver.concerned import Watches
from fcpin.receiver.errors import InvalidSecret, LedgerUnavailable, Reason, Rejected
from fcpin.receiver.ledger.base import Received
from fcpin.receiver.push import Push
from fcpin.receiver.senders import Sender
from fcpin.receiver.senders.authentication import check_secret
from fcpin.receiver.senders.sender import HookRequest, Ignored, ParsedEvent
from fcpin.receiver.settings.model import ReceiverSettings
from fcpin.receiver.settings.secrets import Secret
from fcpin.receiver.web.limits import RateLimit

_log = logging.getLogger(__name__)
_LONGEST_PATH: Final = 255
"""As registries have it."""
_NO_SENDER: Final = (Secret("", secrets.token_urlsafe(32)),)

Wake: TypeAlias = Callable[[str, datetime], None]
"""Have somebody look at a stack's job at that time. A wake-up that is lost is found by the sweep: it must not raise."""


class Counts(Protocol):
    """What is counted, for `/metrics`."""

    def accepted(self, sender: str) -> None:
        """One push."""

    def ignored(self, sender: str, event: str) -> None:
        """One valid event that never changes which image a tag points at."""

    def rejected(self, sender: str, reason: Reason) -> None:
        """One request, or one event of it. *sender* is empty if the configuration does not name it."""


class Inbox(Protocol):
    """As much as is needed of the ledger."""

    def receive(
        self, push: Push, stacks: Sequence[str], now: datetime, *, quiet: timedelta, at_most: timedelta
    ) -> Received: ...

    def ready(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """What the sender is answered."""

    jobs: tuple[str, ...] = ()
    """The stacks that will be converged."""
    rejected: tuple[str, ...] = ()
    """Events that were rejected, each in one line."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes pushes in. Thread-safe."""

    settings: ReceiverSettings
    ledger: Inbox
    watches: Callable[[], Watches]
    """What is known of the pins now."""
    wake: Wake
    counts: Counts
    senders: Mapping[str, Sender]
    rates: Mapping[str, RateLimit]

    @classmethod
    def of(
        cls,
        settings: ReceiverSettings,
        ledger: Inbox,
        watches: Callable[[], Watches],
        wake: Wake,
        counts: Counts,
        clock: Clock,
    ) -> Self:
        """With the senders of *settings*."""
        senders = {name: one.sender(name) for name, one in settings.senders.items()}
        rates = {name: RateLimit(clock, one.per_minute) for name, one in settings.senders.items()}
        return cls(settings, ledger, watches, wake, counts, senders, rates)

    def take(self, name: str, request: HookRequest) -> Taken:
        """Keep what *request* tells as the sender *name*, and answer.

        Raises InvalidSecret, which the caller counts; Rejected if none of it is accepted; LedgerUnavailable if it could
        not be stored.
        """
        sender = self._known(name, request)
        try:
            self._check(sender, request)
            events = sender.parse(request)
        except Rejected as rejection:
            self.count_rejected(name, rejection)
            raise
        return self._take(sender, [self._checked(one) if isinstance(one, Push) else one for one in events], request.now)

    def _known(self, name: str, request: HookRequest) -> Sender:
        """Raises InvalidSecret for an unknown sender, after the same work as for a wrong secret."""
        sender = self.senders.get(name)
        if sender is None:
            check_secret(request.headers, request.query, request.segments, request.body, _NO_SENDER, ())
            raise InvalidSecret
        sender.authenticate(request)
        return sender

    def _check(self, sender: Sender, request: HookRequest) -> None:
        if wait := self.rates[sender.name].take(sender.name):
            limit = self.settings.senders[sender.name].per_minute
            raise Rejected(Reason.THROTTLED, f"more than {limit} requests a minute; retry in {wait:.0f} s")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in sender.media_types or request.headers.get("content-encoding", "identity") != "identity":
            raise Rejected(
                Reason.MEDIA_TYPE, f"expected Content-Type {' or '.join(sender.media_types)}, not compressed"
            )

    def _checked(self, push: Push) -> Push | Rejected:
        path, allowed = push.place.path, self.settings.repositories
        if len(path) > _LONGEST_PATH:
            return Rejected(Reason.MALFORMED, f"the path of the repository exceeds {_LONGEST_PATH} characters")
        if allowed and not any(is_allowed(path, pattern) for pattern in allowed):
            return Rejected(Reason.UNKNOWN_REPOSITORY, f"{path} is not in `repositories`")
        if not allowed and not self.watches().has(push.place):
            return Rejected(Reason.UNKNOWN_REPOSITORY, f"{path}: no stack has a pin on it")
        return push

    def _take(self, sender: Sender, events: Sequence[ParsedEvent], now: datetime) -> Taken:
        for one in events:
            if isinstance(one, Ignored):
                self.counts.ignored(sender.name, one.event)
        rejections = [one for one in events if isinstance(one, Rejected)]
        for rejection in rejections:
            self.count_rejected(sender.name, rejection)
        if rejections and len(rejections) == len(events) and not sender.retries_forever:
            raise rejections[0]
        stacks = [stack for one in events if isinstance(one, Push) for stack in self._keep(one, now)]
        return Taken(tuple(dict.fromkeys(stacks)), tuple(map(str, rejections)))

    def count_rejected(self, name: str, rejection: Rejected) -> None:
        """Count *rejection*, and log it for a sender of the configuration: most senders do not show the response."""
        name = name if name in self.senders else ""
        self.counts.rejected(name, rejection.reason)
        if name:
            _log.info("%s: rejected (%s): %s", name, rejection.reason.label, rejection)

    def _keep(self, push: Push, now: datetime) -> Sequence[str]:
        """The stacks that will be converged for it. Where some wait longer for the end of a burst, all do."""
        stacks = [stack for stack in self.watches().stacks(push) if stack in self.settings.stacks]
        if not stacks:
            self.counts.accepted(push.sender)
            return ()
        each = [self.settings.stacks[stack] for stack in stacks]
        quiet, at_most = max(one.debounce for one in each), min(one.burst_limit for one in each)
        try:
            received = self.ledger.receive(push, stacks, now, quiet=quiet, at_most=at_most)
        except LedgerUnavailable:
            self.counts.rejected(push.sender, Reason.UNAVAILABLE)
            raise
        if not received.new:
            self.counts.rejected(push.sender, Reason.REPLAYED)
            return ()
        self.counts.accepted(push.sender)
        for stack, due in received.stacks_to_wake.items():
            self.wake(stack, due)
        _log.info("%s: %s:%s concerns %s", push.sender, push.place.path, push.tag or push.digest, ", ".join(stacks))
        return stacks


def is_allowed(path: str, pattern: str) -> bool:
    """Whether *path* is one of *pattern*, whose `*` stands for any characters but a slash."""
    parts, patterns = path.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))
