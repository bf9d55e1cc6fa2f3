"""Who tells of pushes: one file a sender, which validates and parses what it sends."""

from collections.abc import Mapping
from typing import Final

from fcpin.receiver.senders.acr import Acr
from fcpin.receiver.senders.base import Sender
from fcpin.receiver.senders.distribution import Distribution
from fcpin.receiver.senders.eventbridge import EventBridge
from fcpin.receiver.senders.generic import Generic
from fcpin.receiver.senders.harbor import Harbor
from fcpin.receiver.settings.model import SenderSettings

KINDS: Final[Mapping[str, type[Acr | EventBridge | Distribution | Harbor | Generic]]] = {
    "acr": Acr,
    "eventbridge": EventBridge,
    "distribution": Distribution,
    "harbor": Harbor,
    "generic": Generic,
}
"""Where a sender is registered: `kind` in the configuration."""


def sender_of(settings: SenderSettings) -> Sender:
    """The sender that *settings*, which were read, describe."""
    return KINDS[settings.kind](settings)


__all__ = ["KINDS", "Sender", "sender_of"]
