"""Requests to hooks, in one line."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fcpin.receiver.senders import Sender
from fcpin.receiver.senders.sender import HookRequest
from fcpin.receiver.settings.model import SenderSettings
from fcpin.receiver.settings.secrets import Secret
from tests.support.clock import ManualClock

FIXTURES: Final = Path(__file__).parent / "fixtures"
SECRET: Final = "correct-horse-battery"
NEXT: Final = "staple-of-the-next-year"
NOW: Final = ManualClock().now()


def fixture(name: str) -> bytes:
    """What a sender sent: `acr/push`."""
    return (FIXTURES / f"{name}.json").read_bytes()


def settings(kind: str, **changes: Any) -> SenderSettings:
    """With two secrets."""
    return SenderSettings(kind=kind, secrets=(Secret("env:A", SECRET), Secret("env:B", NEXT)), **changes)


def sender(kind: str, **changes: Any) -> Sender:
    """Its name is its kind."""
    return settings(kind, **changes).sender(kind)


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


@dataclass
class Request:
    """The varying parts of a request."""

    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    """After the sender's name."""

    def arrive(self) -> HookRequest:
        segments = tuple(self.path.split("/")) if self.path else ()
        return HookRequest(self.body, NOW, self.headers, self.query, segments)
