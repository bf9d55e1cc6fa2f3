"""From a request of a webhook to jobs: which sender it is from, its events, the stacks that they concern.

No process is started and no registry is queried. Events are in the ledger before the sender gets its answer.
"""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final, Protocol, Self

from fcpin.clock import Clock
from fcpin.receiver.errors import InvalidSecret, LedgerUnavailable, Reason, Rejected
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.pin_index import PinIndex
from fcpin.receiver.push_event import PushEvent
from fcpin.receiver.senders import Sender
from fcpin.receiver.senders.authentication import check_secret
from fcpin.receiver.senders.sender import HookRequest, Ignored, ParsedEvent
from fcpin.receiver.settings.model import ReceiverSettings
from fcpin.receiver.settings.secrets import Secret
from fcpin.receiver.web.limits import RateLimit

_log = logging.getLogger(__name__)
_MAX_PATH: Final = 255
"""Characters of a repository path; the limit of registries."""
_NO_SENDER: Final = (Secret("", secrets.token_urlsafe(32)),)


class Counts(Protocol):
    """Of `/metrics`."""

    def accepted(self, sender: str) -> None:
        """One push."""

    def ignored(self, sender: str, event: str) -> None:
        """One valid event that never changes which image a tag points at."""

    def rejected(self, sender: str, reason: Reason) -> None:
        """One request, or one event of it. *sender* is empty if the configuration does not name it."""


@dataclass(frozen=True, slots=True)
class HookResult:
    """The response to the sender."""

    jobs: tuple[str, ...] = ()
    """The stacks that will be converged."""
    rejected: tuple[str, ...] = ()
    """Events that were rejected, each in one line."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Thread-safe."""

    settings: ReceiverSettings
    ledger: Ledger
    index: PinIndex
    wake: Callable[[], None]
    """Has the workers look for jobs. Must not raise."""
    counts: Counts
    senders: Mapping[str, Sender]
    rates: Mapping[str, RateLimit]

    @classmethod
    def of(
        cls,
        settings: ReceiverSettings,
        ledger: Ledger,
        index: PinIndex,
        wake: Callable[[], None],
        counts: Counts,
        clock: Clock,
    ) -> Self:
        """With the senders of *settings*."""
        senders = {name: one.sender(name) for name, one in settings.senders.items()}
        rates = {name: RateLimit(clock, one.per_minute) for name, one in settings.senders.items()}
        return cls(settings, ledger, index, wake, counts, senders, rates)

    def accept(self, name: str, request: HookRequest) -> HookResult:
        """Store the events of *request*, which is for the sender *name*.

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
        return self._store(
            sender, [self._checked(one) if isinstance(one, PushEvent) else one for one in events], request.now
        )

    def _known(self, name: str, request: HookRequest) -> Sender:
        """Raises InvalidSecret for an unknown sender, after the same work as for a wrong secret."""
        sender = self.senders.get(name)
        if sender is None:
            check_secret(request.carried, request.body, _NO_SENDER, ())
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

    def _checked(self, event: PushEvent) -> PushEvent | Rejected:
        path, allowed = event.repository.path, self.settings.repositories
        if len(path) > _MAX_PATH:
            return Rejected(Reason.MALFORMED, f"the path of the repository exceeds {_MAX_PATH} characters")
        if allowed and not any(is_allowed(path, pattern) for pattern in allowed):
            return Rejected(Reason.UNKNOWN_REPOSITORY, f"{path} is not in `repositories`")
        if not allowed and not self.index.has(event.repository):
            return Rejected(Reason.UNKNOWN_REPOSITORY, f"{path}: no stack has a pin on it")
        return event

    def _store(self, sender: Sender, events: Sequence[ParsedEvent], now: datetime) -> HookResult:
        for one in events:
            if isinstance(one, Ignored):
                self.counts.ignored(sender.name, one.event)
        rejections = [one for one in events if isinstance(one, Rejected)]
        for rejection in rejections:
            self.count_rejected(sender.name, rejection)
        if rejections and len(rejections) == len(events) and not sender.retries_forever:
            raise rejections[0]
        stacks = [stack for one in events if isinstance(one, PushEvent) for stack in self._add(one, now)]
        return HookResult(tuple(dict.fromkeys(stacks)), tuple(map(str, rejections)))

    def count_rejected(self, name: str, rejection: Rejected) -> None:
        """Count *rejection*, and log it for a sender of the configuration: most senders do not show the response."""
        name = name if name in self.senders else ""
        self.counts.rejected(name, rejection.reason)
        if name:
            _log.info("%s: rejected (%s): %s", name, rejection.reason.label, rejection)

    def _add(self, event: PushEvent, now: datetime) -> Sequence[str]:
        """The stacks that will be converged for it. Where some wait longer for the end of a burst, all do."""
        stacks = [stack for stack in self.index.stacks(event) if stack in self.settings.stacks]
        if not stacks:
            self.counts.accepted(event.sender)
            return ()
        each = [self.settings.stacks[stack] for stack in stacks]
        debounce, max_wait = max(one.debounce for one in each), min(one.burst_limit for one in each)
        try:
            is_new = self.ledger.add_event(event, stacks, now, debounce=debounce, max_wait=max_wait)
        except LedgerUnavailable:
            self.counts.rejected(event.sender, Reason.UNAVAILABLE)
            raise
        if not is_new:
            self.counts.rejected(event.sender, Reason.REPLAYED)
            return ()
        self.counts.accepted(event.sender)
        self.wake()
        image = f"{event.repository.path}:{event.tag or event.digest}"
        _log.info("%s: %s affects %s", event.sender, image, ", ".join(stacks))
        return stacks


def is_allowed(path: str, pattern: str) -> bool:
    """Whether *path* is one of *pattern*, whose `*` stands for any characters but a slash."""
    parts, patterns = path.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))
