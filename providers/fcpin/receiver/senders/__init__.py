"""The senders of events: one file each, which authenticates and parses what it sends."""

from collections.abc import Mapping
from typing import Final

from fcpin.receiver.senders.acr import Acr
from fcpin.receiver.senders.distribution import Distribution
from fcpin.receiver.senders.eventbridge import EventBridge
from fcpin.receiver.senders.generic import Generic
from fcpin.receiver.senders.harbor import Harbor
from fcpin.receiver.senders.sender import Sender

SENDERS: Final[Mapping[str, type[Sender]]] = {
    one.kind: one for one in (Acr, EventBridge, Distribution, Harbor, Generic)
}
"""A sender is registered here. `kind` in the configuration, the schemas and the documentation follow from its class."""

__all__ = ["SENDERS", "Sender"]
