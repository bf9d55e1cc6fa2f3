"""Notifications on their way: a queue and a thread for each address, so that none holds up a job or another address.

What waits is in memory. A receiver that is killed loses it: the ledger has the jobs and their history, this has not.
"""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeAlias

from fcpin.clock import Clock
from fcpin.receiver.notify.message import Message
from fcpin.receiver.settings.secrets import Secret

_ROOM: Final = 100
_PAUSES: Final = (1.0, 5.0, 25.0)
"""Seconds before each further try."""

Notified: TypeAlias = Callable[[str, str], None]
"""Counts: the service's name, and `sent`, `failed` or `dropped`."""

_log = logging.getLogger(__name__)


class Address(Protocol):
    """Where messages go."""

    @property
    def service(self) -> str:
        """What kind of place it is, such as `DingTalk`; tells no secret."""

    def send(self, message: Message) -> bool:
        """Whether it was taken. Never raises, and takes seconds at most."""


class Outbox:
    """Takes messages for all of *addresses*. Begins at once."""

    def __init__(self, addresses: Sequence[Address], notified: Notified, clock: Clock) -> None:
        self._posts = [_Post(address, notified, clock) for address in addresses]

    def put(self, message: Message) -> None:
        """Never waits and never fails: where a queue is full the message is dropped, logged and counted."""
        for post in self._posts:
            post.put(message)

    def close(self, seconds: float) -> None:
        """Send what waits, without further tries, for up to *seconds*."""
        for post in self._posts:
            post.end()
        for post in self._posts:
            post.join(seconds)


class _Post:
    """One address."""

    def __init__(self, address: Address, notified: Notified, clock: Clock) -> None:
        self._address, self._notified, self._clock = address, notified, clock
        self._waiting: queue.Queue[Message | None] = queue.Queue()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"notify-{address.service}", daemon=True)
        self._thread.start()

    def put(self, message: Message) -> None:
        if self._waiting.qsize() >= _ROOM:
            self._told(message, "dropped")
        else:
            self._waiting.put(message)

    def end(self) -> None:
        self._ending.set()
        self._waiting.put(None)

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _run(self) -> None:
        while (message := self._waiting.get()) is not None:
            self._told(message, "sent" if self._sent(message) else "failed")

    def _sent(self, message: Message) -> bool:
        if self._address.send(message):
            return True
        for pause in _PAUSES:
            if self._ending.is_set():
                return False
            self._clock.sleep(pause)
            if self._address.send(message):
                return True
        return False

    def _told(self, message: Message, outcome: str) -> None:
        if outcome != "sent":
            _log.warning("a notification to %s was %s: %s", self._address.service, outcome, message.title)
        self._notified(self._address.service, outcome)


def open_outbox(secrets: Sequence[Secret], notified: Notified, clock: Clock) -> Outbox:
    """One for the addresses in the configuration. Raises InvalidSettings for one that apprise cannot read."""
    if not secrets:
        return Outbox((), notified, clock)
    from fcpin.receiver.notify.apprise import addresses  # half a second, for those only who are notified

    return Outbox(addresses(secrets), notified, clock)
