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
from fcpin.receiver.errors import Forged, LedgerUnavailable, Refused
from fcpin.receiver.ledger.base import Received
from fcpin.receiver.push import Push
from fcpin.receiver.senders import Sender, sender_of
from fcpin.receiver.senders.base import Heard, HookRequest, Ignored
from fcpin.receiver.senders.proof import check_proof
from fcpin.receiver.settings.model import ReceiverSettings, Secret
from fcpin.receiver.web.rates import Rates

_log = logging.getLogger(__name__)
_LONGEST_PATH: Final = 255
"""As registries have it."""
_NOBODY: Final = (Secret("", secrets.token_urlsafe(32)),)

Wake: TypeAlias = Callable[[str, datetime], None]
"""Have somebody look at a stack's job at that time. A wake-up that is lost is found by the sweep: it must not raise."""


class Counts(Protocol):
    """What is counted, for `/metrics`."""

    def heard(self, sender: str) -> None:
        """One push that was let in."""

    def ignored(self, sender: str, event: str) -> None:
        """One valid event that never changes which image a tag points at."""

    def refused(self, sender: str, label: str) -> None:
        """One request, or one event of it, that was not. *sender* is empty for strangers."""


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
    refused: tuple[str, ...] = ()
    """Events that are not let in, each in one line."""


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
    rates: Mapping[str, Rates]

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
        senders = {name: sender_of(one) for name, one in settings.senders.items()}
        rates = {name: Rates(clock, one.per_minute) for name, one in settings.senders.items()}
        return cls(settings, ledger, watches, wake, counts, senders, rates)

    def take(self, name: str, request: HookRequest) -> Taken:
        """Keep what *request* tells as the sender *name*, and answer.

        Raises Forged, which the caller counts and notes; Refused when none of it is let in; LedgerUnavailable when it
        could not be kept.
        """
        sender = self._known(name, request)
        try:
            self._check(sender, request)
            told = sender.parse(request)
        except Refused as refusal:
            self.note(name, refusal)
            raise
        return self._take(sender, [self._let_in(one) if isinstance(one, Push) else one for one in told], request.now)

    def _known(self, name: str, request: HookRequest) -> Sender:
        """Raises Forged for an unknown sender, after the same work as for a wrong secret."""
        sender = self.senders.get(name)
        if sender is None:
            check_proof(request, _NOBODY, ())
            raise Forged
        sender.validate(request)
        return sender

    def _check(self, sender: Sender, request: HookRequest) -> None:
        name = sender.settings.name
        if wait := self.rates[name].take(name):
            raise Refused(
                429, "throttled", f"more than {sender.settings.per_minute} requests a minute; wait {wait:.0f} s"
            )
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in sender.media_types or request.headers.get("content-encoding", "identity") != "identity":
            raise Refused(415, "media_type", f"expected Content-Type {' or '.join(sender.media_types)}, not compressed")

    def _let_in(self, push: Push) -> Push | Refused:
        path, allowed = push.place.path, self.settings.repositories
        if len(path) > _LONGEST_PATH:
            return Refused(400, "malformed", f"the path of a repository has at most {_LONGEST_PATH} characters")
        if allowed and not any(is_allowed(path, pattern) for pattern in allowed):
            return Refused(404, "unknown_repository", f"{path} is not among `repositories`")
        if not allowed and not self.watches().has(push.place):
            return Refused(404, "unknown_repository", f"{path}: no stack has a pin on it")
        return push

    def _take(self, sender: Sender, told: Sequence[Heard], now: datetime) -> Taken:
        for one in told:
            if isinstance(one, Ignored):
                self.counts.ignored(sender.settings.name, one.event)
        refusals = [one for one in told if isinstance(one, Refused)]
        for refusal in refusals:
            self.note(sender.settings.name, refusal)
        if refusals and len(refusals) == len(told) and not sender.insists:
            raise refusals[0]
        stacks = [stack for one in told if isinstance(one, Push) for stack in self._keep(one, now)]
        return Taken(tuple(dict.fromkeys(stacks)), tuple(map(str, refusals)))

    def note(self, name: str, refusal: Refused) -> None:
        """Count *refusal*, and log it for a sender of the configuration: most of them do not show the answer."""
        name = name if name in self.senders else ""
        self.counts.refused(name, refusal.counted)
        if name:
            _log.info("%s: refused (%s): %s", name, refusal.counted, refusal)

    def _keep(self, push: Push, now: datetime) -> Sequence[str]:
        """The stacks that will be converged for it. Where some wait longer for the end of a burst, all do."""
        stacks = [stack for stack in self.watches().stacks(push) if stack in self.settings.stacks]
        if not stacks:
            self.counts.heard(push.sender)
            return ()
        each = [self.settings.stacks[stack] for stack in stacks]
        quiet, at_most = max(one.quiet for one in each), min(one.at_most for one in each)
        try:
            received = self.ledger.receive(push, stacks, now, quiet=quiet, at_most=at_most)
        except LedgerUnavailable:
            self.counts.refused(push.sender, "unavailable")
            raise
        if not received.new:
            self.counts.refused(push.sender, "replayed")
            return ()
        self.counts.heard(push.sender)
        for stack, due in received.stacks_to_wake.items():
            self.wake(stack, due)
        _log.info("%s: %s:%s concerns %s", push.sender, push.place.path, push.tag or push.digest, ", ".join(stacks))
        return stacks


def is_allowed(path: str, pattern: str) -> bool:
    """Whether *path* is one of *pattern*, whose `*` stands for any characters but a slash."""
    parts, patterns = path.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))
