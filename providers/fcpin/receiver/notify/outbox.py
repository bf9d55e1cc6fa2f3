"""Delivery of notifications: a queue and a thread for each service, so that none delays a job or another service.

Messages wait in memory: a receiver that is killed loses them, and the ledger still has the jobs and their history.
"""

import logging
import queue
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from fcpin.clock import Clock
from fcpin.errors import InvalidSettings, Problem
from fcpin.receiver.notify.messages import Message
from fcpin.receiver.settings.secrets import Secret

if TYPE_CHECKING:
    from apprise import NotifyBase

_QUEUE_SIZE: Final = 100
_RETRY_DELAYS: Final = (1.0, 5.0, 25.0)
"""Seconds."""

CountNotification: TypeAlias = Callable[[str, str], None]
"""Takes the name of the service, and `sent`, `failed` or `dropped`."""

_log = logging.getLogger(__name__)


class Service(Protocol):
    """Where messages are sent."""

    @property
    def name(self) -> str:
        """Such as `DingTalk`; not a secret."""

    def send(self, message: Message) -> bool:
        """Return whether the service accepted it. Never raises, and takes at most seconds."""


class AppriseService:
    """apprise limits connecting and the response to four seconds each."""

    def __init__(self, service: "NotifyBase") -> None:
        self._service = service

    @property
    def name(self) -> str:
        return str(self._service.service_name)

    def send(self, message: Message) -> bool:
        from apprise import NotifyFormat, NotifyType

        kind = NotifyType(message.tone)
        text = NotifyFormat.TEXT
        return bool(self._service.notify(body=message.body, title=message.title, notify_type=kind, body_format=text))


def apprise_services(secrets: Sequence[Secret]) -> Sequence[AppriseService]:
    """Raises InvalidSettings, which names the source of each invalid URL and never the URL."""
    from apprise import Apprise, AppriseAsset, NotifyBase, PersistentStoreMode  # half a second

    asset = AppriseAsset(app_id="fcpin", app_desc="fcpin receiver", storage_mode=PersistentStoreMode.MEMORY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # one of its plugins imports imghdr
        found = [Apprise.instantiate(secret.value, asset=asset) for secret in secrets]
    problems = [
        Problem(f"notify[{index}]", f"{secrets[index].source} is not a URL that apprise supports; see its services")
        for index, service in enumerate(found)
        if not isinstance(service, NotifyBase)
    ]
    if problems:
        raise InvalidSettings(*problems)
    return [AppriseService(service) for service in found if isinstance(service, NotifyBase)]


def open_outbox(secrets: Sequence[Secret], count: CountNotification, clock: Clock) -> "Outbox":
    """For the URLs of the configuration. Raises InvalidSettings."""
    return Outbox(apprise_services(secrets) if secrets else (), count, clock)


class Outbox:
    """Sends messages to each of *services*."""

    def __init__(self, services: Sequence[Service], count: CountNotification, clock: Clock) -> None:
        self._queues = [_Queue(service, count, clock) for service in services]

    def put(self, message: Message) -> None:
        """Never blocks: a message for a full queue is dropped, logged and counted."""
        for one in self._queues:
            one.put(message)

    def close(self, seconds: float) -> None:
        """Send what is queued, without retries, for up to *seconds*."""
        for one in self._queues:
            one.end()
        for one in self._queues:
            one.join(seconds)


class _Queue:
    """The messages for one service."""

    def __init__(self, service: Service, count: CountNotification, clock: Clock) -> None:
        self._service, self._count, self._clock = service, count, clock
        self._messages: queue.Queue[Message | None] = queue.Queue()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"notify-{service.name}", daemon=True)
        self._thread.start()

    def put(self, message: Message) -> None:
        if self._messages.qsize() >= _QUEUE_SIZE:
            self._record(message, "dropped")
        else:
            self._messages.put(message)

    def end(self) -> None:
        self._ending.set()
        self._messages.put(None)

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _run(self) -> None:
        while (message := self._messages.get()) is not None:
            self._record(message, "sent" if self._send(message) else "failed")

    def _send(self, message: Message) -> bool:
        if self._service.send(message):
            return True
        for delay in _RETRY_DELAYS:
            if self._ending.is_set():
                return False
            self._clock.sleep(delay)
            if self._service.send(message):
                return True
        return False

    def _record(self, message: Message, outcome: str) -> None:
        if outcome != "sent":
            _log.warning("a notification to %s was %s: %s", self._service.name, outcome, message.title)
        self._count(self._service.name, outcome)
